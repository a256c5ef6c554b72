import type { MaybePromise } from '../async/maybe-promise.js';
import type { MessageInput } from '../messages/message.js';
import type { Destination } from './broker.js';

/** What a program without this library wants sent, and must not be lost. */
export interface IngestedMessage {
  readonly destination: Destination;
  /** Always with an id. */
  readonly message: MessageInput & { readonly id: string };
  /** Kept in the user's inbox. */
  readonly isDurable: boolean;
  /** How long, where it is. @default the inbox's own */
  readonly timeToLiveMs?: number;
}

/** Sends what was read. */
export interface IngestListener {
  /** Whether a store keeps it, and so takes its id once. */
  isKept(ingested: IngestedMessage): boolean;
  /**
   * Settles once it is kept, or on its way where nothing keeps it.
   * @throws {WscError} where it is not, or that is unknown: one that is `temporary` may be tried again.
   */
  send(ingested: IngestedMessage): MaybePromise<unknown>;
}

/**
 * Where programs without this library write what must not be lost. Promises: each entry is handed to the listener of one node until
 * `send` has settled, those of one destination in their order; an id that is kept nowhere is handed over once, as far as no node dies
 * meanwhile. Does not promise: an order between destinations.
 */
export interface Ingest {
  /** Called once, once messages can be sent. */
  start(listener: IngestListener): MaybePromise<void>;
  /** Takes no more, and ends once what it has begun is done. Twice is once. */
  close(): MaybePromise<void>;
}
