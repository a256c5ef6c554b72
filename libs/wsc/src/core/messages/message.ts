import type { Priority } from '@nest-wsc/protocol';

export type { MessageInput, Priority } from '@nest-wsc/protocol';

/** A message on its way out: complete, not to be changed (interceptors make a new one). */
export interface OutboundMessage {
  readonly id: string;
  readonly event: string;
  readonly data: unknown;
  readonly from?: string | undefined;
  readonly fromName?: string | undefined;
  readonly room?: string | undefined;
  /** The addressed user of a message between clients, for the sender's other devices. */
  readonly to?: string | undefined;
  readonly priority: Priority;
  /** What `backpressure: 'latest-only'` compares. @default the event name */
  readonly key?: string | undefined;
  /** Asks each device that can for an acknowledgement; from the second attempt on only those. */
  readonly ack?: { readonly attempt: number };
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/**
 * What is true after a send: on this node queued for so many connections, left out for so many whose outbox was over budget (and whose room's
 * policy dropped it or closed them) or whose encoding failed.
 */
export interface SendResult {
  readonly id: string;
  readonly queued: number;
  readonly dropped: number;
  /**
   * How many other nodes it was handed to; for how many connections they queued it is not known. Absent where this node is alone, or
   * the message was for its connections only.
   */
  readonly otherNodes?: number;
  /** Its place in the room's history, which has it. Absent: nothing keeps it. */
  readonly offset?: number;
  readonly epoch?: string;
  /** It was stored before, by the first send with this id; this one had no effect. */
  readonly isRepeat?: true;
  /** A newer version was stored before; this one was not, and `offset` is the newest place. */
  readonly isStale?: true;
}

/** How a message to one connection is sent. */
export interface ConnectionSendOptions {
  /** @default 'normal' */
  readonly priority?: Priority;
  /** Asks for an acknowledgement, where the client can give one. @default false */
  readonly ack?: boolean;
  /** @default a new UUIDv7 */
  readonly id?: string;
}
