import type { Cancel, Scheduler } from './scheduler.js';

/** A wait between two attempts that something else may end early. One at a time. */
export class Pause {
  readonly #scheduler: Scheduler;
  #cancelTimer: Cancel | undefined;
  #finish: (() => void) | undefined;
  #canBeWoken = false;

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Waits for `delayMs`; without it, until {@link end}. Only a wait that `canBeWoken` heeds {@link wake}. */
  wait(delayMs: number | undefined, canBeWoken: boolean): Promise<void> {
    this.end();
    return new Promise((resolve) => {
      this.#finish = resolve;
      this.#canBeWoken = canBeWoken;
      if (delayMs !== undefined) this.#cancelTimer = this.#scheduler.after(delayMs, () => this.end());
    });
  }

  wake(): void {
    if (this.#canBeWoken) this.end();
  }

  end(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const finish = this.#finish;
    this.#finish = undefined;
    finish?.();
  }
}
