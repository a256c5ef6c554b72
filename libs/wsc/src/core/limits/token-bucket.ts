/**
 * Lets so many pass per second, and a burst of more after a quiet time. Synchronous and without a timer: it is asked for every
 * message. All times are milliseconds of one clock that does not go back.
 */
export class TokenBucket {
  readonly #perMs: number;
  readonly #burst: number;
  #tokens: number;
  #filledAt: number;

  /**
   * @param perSecond 0: no limit. Less than one is fine: `10 / 60` is ten a minute.
   * @param burst how many may pass at once; at least 1.
   */
  constructor(perSecond: number, burst: number, now: number) {
    this.#perMs = perSecond / 1000;
    this.#burst = Math.max(burst, 1);
    this.#tokens = this.#burst;
    this.#filledAt = now;
  }

  /** Whether one more may pass now; if so, it has. */
  take(now: number): boolean {
    if (this.#perMs === 0) return true;
    this.#fill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** When the next one may pass: 0 is now. */
  retryAfterMs(now: number): number {
    if (this.#perMs === 0) return 0;
    this.#fill(now);
    return Math.ceil(Math.max(1 - this.#tokens, 0) / this.#perMs);
  }

  #fill(now: number): void {
    if (now <= this.#filledAt) return;
    this.#tokens = Math.min(this.#tokens + (now - this.#filledAt) * this.#perMs, this.#burst);
    this.#filledAt = now;
  }
}
