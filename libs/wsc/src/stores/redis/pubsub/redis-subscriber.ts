import type { MaybePromise } from '../../../core/async/maybe-promise.js';

/** Hears what was published on a channel. What it throws is logged. */
export type ChannelListener = (payload: Buffer) => void;

/**
 * Listens to channels of one Redis, as long as it is there: what is subscribed stays so through reconnects. Promises: each channel once;
 * what a channel's listener hears is in the order in which one publisher published it. Does not promise what was published meanwhile,
 * while the connection was gone: {@link RedisSubscriber.gaps} counts these times.
 */
export interface RedisSubscriber {
  /** Whether it is connected and everything is subscribed. */
  readonly isWhole: boolean;
  /** How often the connection was lost, so that messages may be missing. */
  readonly gaps: number;
  /**
   * Settles once Redis has confirmed.
   * @throws {WscError} WSC_UNAVAILABLE where it has not within 2 s. It goes on trying until `unsubscribe`, which is for the caller to say.
   */
  subscribe(channel: string, listener: ChannelListener): MaybePromise<void>;
  /** Ends it, at once for the listener, in a moment for Redis. Harmless where it is not subscribed. */
  unsubscribe(channel: string): void;
  /** Whether Redis has confirmed it on the connection that is open now. */
  isSubscribed(channel: string): boolean;
  close(): Promise<void>;
}
