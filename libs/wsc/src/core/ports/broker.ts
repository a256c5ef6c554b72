import type { WscError } from '@nest-wsc/protocol';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';

/** Where a message goes, between nodes. */
export type Destination =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'user'; readonly userId: string }
  | { readonly kind: 'room'; readonly room: string };

/** A message on its way, with everything that a receiving node needs. */
export interface BrokerMessage {
  readonly destination: Destination;
  readonly message: OutboundMessage;
  /** The connection that must not hear it (the sender's own), wherever it is. */
  readonly exceptConnectionId?: string;
}

/** How many connections of the listening node the message was queued for, and for how many it could not be. */
export interface DeliveryCount {
  readonly queued: number;
  readonly dropped: number;
  /** Why it was queued for nobody, where its data can't be written. */
  readonly error?: WscError;
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
  /** @throws {WscError} WSC_UNAVAILABLE (temporary) when it can't be handed on now. */
  publish(message: BrokerMessage): MaybePromise<DeliveryCount>;
  /** Counted: as many `unsubscribe` calls end it. */
  subscribe(destination: Destination): MaybePromise<void>;
  unsubscribe(destination: Destination): MaybePromise<void>;
  /** Ends it; called once, last. */
  close(): MaybePromise<void>;
}
