/** Takes back what {@link Scheduler.after} promised; does nothing once it has run. */
export type Cancel = () => void;

/** The client's only source of time, so that a test can hold it still. */
export interface Scheduler {
  /** Runs `callback` once, `delayMs` milliseconds from now. */
  after(delayMs: number, callback: () => void): Cancel;
}

// A longer delay overflows in every engine, and then runs at once.
const longestDelayMs = 2 ** 31 - 1;

/**
 * `setTimeout`. Its timers hold a Node process: a program that waits for its gateway to come back must not end meanwhile.
 * All of them are cancelled when the client closes.
 */
export const systemScheduler: Scheduler = {
  after(delayMs, callback) {
    const timer = setTimeout(callback, Math.min(delayMs, longestDelayMs));
    return () => clearTimeout(timer);
  },
};
