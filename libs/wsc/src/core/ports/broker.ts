import { WscError, type WscErrorOptions } from '@nest-wsc/protocol';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';
import type { StreamPosition } from './streams.js';

/** Who of everyone is meant: all that is given must hold; a list holds if one of it does. */
export interface Audience {
  readonly userTypes?: readonly string[];
  /** In one of these rooms, as a member or a subscriber. */
  readonly rooms?: readonly string[];
  /** Each key's metadata is exactly this. */
  readonly metadata?: Readonly<Record<string, string | number | boolean>>;
}

/** Where a message goes, between nodes. */
export type Destination =
  | { readonly kind: 'everyone'; readonly audience?: Audience }
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'room'; readonly room: string };

/** A message on its way, with everything that a receiving node needs. */
export interface BrokerMessage {
  readonly destination: Destination;
  readonly message: OutboundMessage;
  /** The connection that must not hear it (the sender's own), wherever it is. */
  readonly exceptConnectionId?: string;
  /** Its place in the stream of its room, which has it: whoever missed it reads it there. */
  readonly position?: StreamPosition;
  /** The instance id of the node that waits for acknowledgements; it wants to hear to how many connections each node handed it. */
  readonly ackTo?: string;
}

/** How many connections of the listening node the message was queued for, and for how many it could not be. */
export interface DeliveryCount {
  readonly queued: number;
  readonly dropped: number;
  /** Why it was queued for nobody, where its data can't be written. */
  readonly error?: WscError;
}

/** What is known once a message was published. */
export interface PublishResult extends DeliveryCount {
  /** How many other nodes it was handed to; for how many connections they queue it is not known. Absent: there are none. */
  readonly otherNodes?: number;
}

/** Other nodes could not be told, or it is not known whether they were; this node has heard it. */
export class PublishError extends WscError {
  readonly local: DeliveryCount;

  /** @param error WSC_TIMEOUT where it may have gone out all the same. */
  constructor(error: 'WSC_UNAVAILABLE' | 'WSC_TIMEOUT', local: DeliveryCount, options: WscErrorOptions = {}) {
    super(error, options);
    this.local = local;
  }
}

/** Hears what programs without this library publish, on each node that hosts whom it is for. Never throws. */
export type OpenMessageListener = (destination: Destination, message: OutboundMessage) => void;

/** Where programs without this library publish. Live only, and without a promise of order. */
export interface OpenMessages {
  /** Called once, before the broker is started. */
  listen(listener: OpenMessageListener): void;
}

/** Delivers to the connections of this node. Never throws. */
export type BrokerListener = (message: BrokerMessage) => DeliveryCount;

/**
 * Carries messages between nodes. Promises: at most once; in order per destination from one publisher; the publishing node
 * hears its own, through its listener and in the publisher's turn, and what its listener counted is what `publish` answers; a
 * `subscribe` that has settled hears everything published after it. Does not promise: history, or that anybody listens. Messages to everyone need no subscription.
 */
export interface Broker {
  /** Called once, before anything else. */
  start(listener: BrokerListener): MaybePromise<void>;
  /** @throws {PublishError} (temporary) when it can't be handed on now. @throws {WscError} WSC_UNAVAILABLE before `start` and after `close`. */
  publish(message: BrokerMessage): MaybePromise<PublishResult>;
  /** Counted: as many `unsubscribe` calls end it. */
  subscribe(destination: Destination): MaybePromise<void>;
  unsubscribe(destination: Destination): MaybePromise<void>;
  /** Ends it; called once, last. */
  close(): MaybePromise<void>;
}
