import { WscError, type ErrorName, type WscErrorOptions } from '@nest-wsc/protocol';

/** An error whose body the application has written itself: clients of the stock form get that, as Nest's own adapters send it. */
export class CustomError extends WscError {
  readonly body: unknown;

  constructor(error: ErrorName, options: WscErrorOptions & { readonly body: unknown }) {
    super(error, options);
    this.body = options.body;
  }
}
