/** How long to wait between attempts. */
export interface BackoffOptions {
  /** Longest wait before the first retry, in milliseconds; doubles with each failure. */
  readonly baseMs: number;
  /** Longest wait of all, in milliseconds. */
  readonly capMs: number;
  /** A number in [0, 1). */
  readonly random: () => number;
}

/**
 * Exponential backoff with full jitter: a uniform share of `min(cap, base · 2^failures)`, so that
 * clients which lost the same server do not come back in the same moment.
 */
export class Backoff {
  readonly #options: BackoffOptions;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#options = options;
  }

  /** Failures since the last {@link reset}. */
  get failures(): number {
    return this.#failures;
  }

  /** Counts a failure and says how many milliseconds to wait after it. */
  next(): number {
    this.#failures += 1;
    return this.#jitter(this.#failures - 1);
  }

  /** Milliseconds to wait as if it were the first failure; counts none. */
  shortest(): number {
    return this.#jitter(0);
  }

  reset(): void {
    this.#failures = 0;
  }

  #jitter(doublings: number): number {
    const { baseMs, capMs, random } = this.#options;
    return Math.round(random() * Math.min(capMs, baseMs * 2 ** doublings));
  }
}
