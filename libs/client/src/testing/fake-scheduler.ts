import type { Cancel, Scheduler } from '../scheduler.js';

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

/** A scheduler whose time stands still until it is told to pass. */
export class FakeScheduler implements Scheduler {
  readonly #timers = new Set<Timer>();
  #nowMs = 0;

  /** Milliseconds until each pending timer, the next first. */
  get pendingMs(): readonly number[] {
    return [...this.#timers].map(({ dueMs }) => dueMs - this.#nowMs).sort((a, b) => a - b);
  }

  after(delayMs: number, callback: () => void): Cancel {
    const timer = { dueMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Lets time pass; timers run in their order, also those that are set meanwhile. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#nextUntil(endMs); next !== undefined; next = this.#nextUntil(endMs)) {
      this.#timers.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
    }
    this.#nowMs = endMs;
  }

  #nextUntil(endMs: number): Timer | undefined {
    return [...this.#timers].filter(({ dueMs }) => dueMs <= endMs).sort((a, b) => a.dueMs - b.dueMs)[0];
  }
}
