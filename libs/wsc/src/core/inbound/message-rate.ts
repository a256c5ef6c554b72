import type { HubLimits } from '../hub-options.js';
import { TokenBucket } from '../limits/token-bucket.js';

/** What a connection may send; 0 per second turns it off. */
export type RateLimits = Pick<HubLimits, 'messagesPerSecond' | 'messagesBurst'>;

/** What to do with a message that came over the rate. */
export type RateVerdict =
  | { readonly kind: 'pass' }
  /** Say so; at most once a second. */
  | { readonly kind: 'refuse'; readonly retryAfterMs: number }
  | { readonly kind: 'ignore' }
  /** It was over for too long. */
  | { readonly kind: 'close' };

const pass: RateVerdict = { kind: 'pass' };
const ignore: RateVerdict = { kind: 'ignore' };
const close: RateVerdict = { kind: 'close' };

/** One refusal a second is answered. */
const answerEveryMs = 1_000;
/** A second without a refusal ends a time of being over. */
const calmMs = 1_000;
/** Over for so long closes with 4029 (PROTOCOL.md §1.4). */
const closeAfterMs = 10_000;
/** Acks and pings have a bucket of their own, so that a busy client can still acknowledge; it is this much larger. */
const controlFactor = 2;

/** A time of being over the rate. */
interface Excess {
  since: number;
  lastAt: number;
  answeredAt: number;
}

/**
 * How many messages a connection may send (PROTOCOL.md §1.4). All times are monotonic milliseconds. Most connections send no control
 * messages and keep to their rate, so what those need is made for the others only.
 */
export class MessageRate {
  readonly #limits: RateLimits;
  readonly #messages: TokenBucket;
  #control: TokenBucket | undefined;
  #excess: Excess | undefined;

  constructor(limits: RateLimits, now: number) {
    this.#limits = limits;
    this.#messages = new TokenBucket(limits.messagesPerSecond, limits.messagesBurst, now);
  }

  takeMessage(now: number): RateVerdict {
    return this.#messages.take(now) ? pass : this.#over(now, this.#messages);
  }

  takeControl(now: number): RateVerdict {
    const control = (this.#control ??= this.#createControl(now));
    return control.take(now) ? pass : this.#over(now, control);
  }

  /** Whether a message would be refused, so that reading it is in vain. */
  isExhausted(now: number): boolean {
    return this.#messages.retryAfterMs(now) > 0;
  }

  /** The same for an ack or a ping. */
  isControlExhausted(now: number): boolean {
    return this.#control !== undefined && this.#control.retryAfterMs(now) > 0;
  }

  #createControl(now: number): TokenBucket {
    const { messagesPerSecond, messagesBurst } = this.#limits;
    return new TokenBucket(messagesPerSecond * controlFactor, messagesBurst * controlFactor, now);
  }

  #over(now: number, bucket: TokenBucket): RateVerdict {
    const excess = (this.#excess ??= { since: now, lastAt: now, answeredAt: -Infinity });
    if (now - excess.lastAt > calmMs) excess.since = now;
    excess.lastAt = now;
    if (now - excess.since >= closeAfterMs) return close;
    if (now - excess.answeredAt < answerEveryMs) return ignore;
    excess.answeredAt = now;
    return { kind: 'refuse', retryAfterMs: bucket.retryAfterMs(now) };
  }
}

/** One for all where there is no limit: it never has anything to count. */
const unlimited = new MessageRate({ messagesPerSecond: 0, messagesBurst: 0 }, 0);

/** The rate of one connection. */
export function messageRateFor(limits: RateLimits, now: number): MessageRate {
  return limits.messagesPerSecond === 0 ? unlimited : new MessageRate(limits, now);
}
