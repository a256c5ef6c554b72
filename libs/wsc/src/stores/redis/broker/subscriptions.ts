import type { MaybePromise } from '../../../core/async/maybe-promise.js';
import type { Clock, Timer } from '../../../core/ports/clock.js';
import type { ChannelSubscription } from './channel-subscription.js';

/** How long a channel stays subscribed that nobody needs: who reloads a page, or moves from room to room, is back by then. */
const lingerMs = 10_000;
const sweepMs = 1_000;
/** How many such channels there may be; over it the oldest go at once. */
const maxLingering = 1_000;

/** A destination, known by its channel. */
interface Subscription {
  readonly channels: readonly ChannelSubscription[];
  /** 0: lingers. */
  count: number;
}

/** What is subscribed, counted by destination: each is subscribed at Redis once, and a while longer than it is needed. */
export class Subscriptions {
  readonly #clock: Clock;
  readonly #subscriptions = new Map<string, Subscription>();
  /** Until when, the oldest first. */
  readonly #lingering = new Map<string, number>();
  readonly #sweeping: Timer;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#sweeping = clock.every(sweepMs, () => this.#sweep());
  }

  /** Whether somebody on this node needs it. */
  has(key: string): boolean {
    return (this.#subscriptions.get(key)?.count ?? 0) > 0;
  }

  /**
   * @param channels asked for where it is not subscribed yet.
   * @throws {WscError} WSC_UNAVAILABLE; then it does not count.
   */
  add(key: string, channels: () => readonly ChannelSubscription[]): MaybePromise<void> {
    let subscription = this.#subscriptions.get(key);
    if (subscription === undefined) {
      subscription = { channels: channels(), count: 0 };
      this.#subscriptions.set(key, subscription);
    }
    subscription.count += 1;
    this.#lingering.delete(key);
    // Also where it is subscribed here already: Redis may not have confirmed it yet.
    const pending = subscription.channels.filter(({ subscriber, channel }) => !subscriber.isSubscribed(channel));
    if (pending.length > 0) return this.#confirm(key, subscription, pending);
  }

  /** Harmless where it is not subscribed. */
  remove(key: string): void {
    const subscription = this.#subscriptions.get(key);
    if (subscription === undefined || subscription.count === 0) return;
    subscription.count -= 1;
    if (subscription.count > 0) return;
    this.#lingering.set(key, this.#clock.monotonic() + lingerMs);
    if (this.#lingering.size > maxLingering) this.#endOldest();
  }

  close(): void {
    this.#sweeping.cancel();
    for (const key of [...this.#subscriptions.keys()]) this.#end(key);
  }

  async #confirm(key: string, subscription: Subscription, pending: readonly ChannelSubscription[]): Promise<void> {
    const waiting = pending.map(async ({ subscriber, channel, listener }) => subscriber.subscribe(channel, listener));
    const failed = (await Promise.allSettled(waiting)).find((result) => result.status === 'rejected');
    if (failed === undefined) return;
    if (subscription.count > 0) subscription.count -= 1;
    // Not lingering: it is not wholly subscribed.
    if (subscription.count === 0 && this.#subscriptions.get(key) === subscription) this.#end(key);
    throw failed.reason;
  }

  #sweep(): void {
    const now = this.#clock.monotonic();
    for (const [key, until] of this.#lingering) {
      if (until > now) return;
      this.#end(key);
    }
  }

  #endOldest(): void {
    const [oldest] = this.#lingering.keys();
    if (oldest !== undefined) this.#end(oldest);
  }

  #end(key: string): void {
    const subscription = this.#subscriptions.get(key);
    this.#subscriptions.delete(key);
    this.#lingering.delete(key);
    for (const { subscriber, channel } of subscription?.channels ?? []) subscriber.unsubscribe(channel);
  }
}
