import { WscError, type CloseCodeName, type ErrorName } from '@nest-wsc/protocol';

/** Refuses a message and then ends its connection, so that the client learns why. */
export class ClosingError extends WscError {
  readonly how: CloseCodeName;

  constructor(error: ErrorName, how: CloseCodeName) {
    super(error);
    this.how = how;
  }
}
