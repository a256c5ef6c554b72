import type { ChannelListener, RedisSubscriber } from '../pubsub/redis-subscriber.js';

/** A channel that belongs to a destination, and who listens to it. */
export interface ChannelSubscription {
  readonly subscriber: RedisSubscriber;
  readonly channel: string;
  readonly listener: ChannelListener;
}
