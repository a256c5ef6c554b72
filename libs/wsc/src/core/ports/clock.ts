/** A running timer. */
export interface Timer {
  /** Stops it; harmless when it has fired or was cancelled. */
  cancel(): void;
}

/**
 * Time, as the core sees it. Promises: `now` is milliseconds since 1970 and may jump with the machine's clock;
 * `monotonic` never goes back; timers never keep the process alive; nothing fires after it was cancelled.
 * Does not promise: that a timer fires on time.
 */
export interface Clock {
  /** Milliseconds since 1970. For timestamps on the wire only. */
  now(): number;
  /** Milliseconds since some start. For every duration and deadline. */
  monotonic(): number;
  /** Calls back once after `delayMs`. */
  after(delayMs: number, callback: () => void): Timer;
  /** Calls back each `intervalMs`. */
  every(intervalMs: number, callback: () => void): Timer;
  /** Calls back after the current turn of the event loop, after its I/O. */
  nextTurn(callback: () => void): void;
}
