import type { Priority } from '../messages/message.js';

/** One message in the bytes of one encoding, shared by every connection that gets it. */
export interface EncodedMessage {
  readonly bytes: Buffer;
  readonly lane: Priority;
  /** The room whose backpressure policy decides about it over budget; undefined: it is never dropped. */
  readonly room: string | undefined;
}
