import type { HubLimits } from '../hub-options.js';
import { TokenBucket } from '../limits/token-bucket.js';

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

/** How many messages a connection may send (PROTOCOL.md §1.4). All times are monotonic milliseconds. */
export class MessageRate {
  readonly #messages: TokenBucket;
  readonly #control: TokenBucket;
  #overSince: number | undefined;
  #lastOver = 0;
  #lastAnswer = -Infinity;

  constructor(limits: HubLimits, now: number) {
    this.#messages = new TokenBucket(limits.messagesPerSecond, limits.messagesBurst, now);
    this.#control = new TokenBucket(
      limits.messagesPerSecond * controlFactor,
      limits.messagesBurst * controlFactor,
      now,
    );
  }

  takeMessage(now: number): RateVerdict {
    return this.#messages.take(now) ? pass : this.#over(now, this.#messages);
  }

  takeControl(now: number): RateVerdict {
    return this.#control.take(now) ? pass : this.#over(now, this.#control);
  }

  /** Whether a message would be refused, so that reading it is in vain. */
  isExhausted(now: number): boolean {
    return this.#messages.retryAfterMs(now) > 0;
  }

  /** The same for an ack or a ping. */
  isControlExhausted(now: number): boolean {
    return this.#control.retryAfterMs(now) > 0;
  }

  #over(now: number, bucket: TokenBucket): RateVerdict {
    if (this.#overSince === undefined || now - this.#lastOver > calmMs) this.#overSince = now;
    this.#lastOver = now;
    if (now - this.#overSince >= closeAfterMs) return close;
    if (now - this.#lastAnswer < answerEveryMs) return ignore;
    this.#lastAnswer = now;
    return { kind: 'refuse', retryAfterMs: bucket.retryAfterMs(now) };
  }
}
