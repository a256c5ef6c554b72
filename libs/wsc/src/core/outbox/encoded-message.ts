import type { Priority } from '../messages/message.js';
import type { LinkBytes } from '../ports/transport.js';
import type { Backpressure } from './backpressure.js';

/**
 * One message in the bytes of one encoding, shared by every connection that gets it. Whoever makes one gives all fields in this
 * order: the fan-out is fast as long as all of them have the same shape.
 */
export interface EncodedMessage {
  readonly bytes: LinkBytes;
  readonly lane: Priority;
  /** Empty where it has none. */
  readonly room: string;
  /**
   * What happens when it is pushed over the budget. `make-room`: it is never dropped; the oldest queued messages that may be
   * dropped go for it, of whichever room.
   */
  readonly backpressure: Backpressure | 'make-room';
  /** What `latest-only` compares; empty where no policy does. */
  readonly key: string;
}

/** A response, an error, a control envelope, or what is addressed to a user or one connection: never dropped. */
export function protectedMessage(bytes: LinkBytes, lane: Priority): EncodedMessage {
  return { bytes, lane, room: '', backpressure: 'make-room', key: '' };
}

/** Whether it may be let go while it is queued. */
export function isDroppable({ backpressure }: EncodedMessage): boolean {
  return backpressure !== 'make-room' && backpressure !== 'close' && backpressure !== 'catch-up';
}
