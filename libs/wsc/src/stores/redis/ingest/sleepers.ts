import type { Clock } from '../../../core/ports/clock.js';

/** Those that wait for some time, and can be woken before. */
export class Sleepers {
  readonly #clock: Clock;
  readonly #wakeUps = new Set<() => void>();
  #isClosed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  sleep(ms: number): Promise<void> {
    if (this.#isClosed) return Promise.resolve();
    return new Promise((resolve) => {
      const wakeUp = (): void => {
        timer.cancel();
        this.#wakeUps.delete(wakeUp);
        resolve();
      };
      const timer = this.#clock.after(ms, wakeUp);
      this.#wakeUps.add(wakeUp);
    });
  }

  wake(): void {
    for (const wakeUp of this.#wakeUps) wakeUp();
  }

  /** Nobody sleeps any more. */
  close(): void {
    this.#isClosed = true;
    this.wake();
  }
}
