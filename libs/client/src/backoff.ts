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
    const { baseMs, capMs, random } = this.#options;
    const ceilingMs = Math.min(capMs, baseMs * 2 ** this.#failures);
    this.#failures += 1;
    return Math.round(random() * ceilingMs);
  }

  reset(): void {
    this.#failures = 0;
  }
}
