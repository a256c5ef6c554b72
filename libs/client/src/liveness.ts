import type { Cancel, Scheduler } from './scheduler.js';

/** What {@link Liveness} needs. */
export interface LivenessOptions {
  readonly scheduler: Scheduler;
  /** Silence after which the client asks, in milliseconds. `0` turns it off. */
  readonly intervalMs: number;
  /** How long the answer may take, in milliseconds. */
  readonly timeoutMs: number;
  readonly sendPing: () => void;
  /** Called once; nothing more happens after it. */
  readonly onDead: () => void;
}

/**
 * Finds out that the other side is gone. Browsers show no protocol pings, so an envelope `ping` is sent after a quiet
 * interval (PROTOCOL.md §2.5); anything that arrives counts as a sign of life.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  #heard = false;
  #isPaused = false;
  #isStopped = false;
  #cancelTimer: Cancel | undefined;
  #isWaiting = false;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#watch();
  }

  /** Something arrived. On the hot path, so it touches no timer. */
  heard(): void {
    this.#heard = true;
  }

  /** Asks now, for example after a sleep; does nothing where an answer is already awaited. */
  checkNow(): void {
    if (this.#isStopped || this.#isWaiting) return;
    this.#cancelTimer?.();
    this.#ask();
  }

  /** A hidden page runs no timer: the browser would only slow it down, and a close is still noticed. */
  pause(): void {
    this.#isPaused = true;
    this.#isWaiting = false;
    this.#cancelTimer?.();
  }

  /** Asks at once, since nothing is known about the time of the pause. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.checkNow();
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelTimer?.();
  }

  #watch(): void {
    this.#isWaiting = false;
    if (this.#isStopped || this.#isPaused || this.#options.intervalMs === 0) return;
    this.#heard = false;
    this.#cancelTimer = this.#options.scheduler.after(this.#options.intervalMs, () => {
      if (this.#heard) this.#watch();
      else this.#ask();
    });
  }

  #ask(): void {
    this.#isWaiting = true;
    this.#heard = false;
    this.#options.sendPing();
    this.#cancelTimer = this.#options.scheduler.after(this.#options.timeoutMs, () => {
      if (this.#heard) {
        this.#watch();
        return;
      }
      this.#isStopped = true;
      this.#options.onDead();
    });
  }
}
