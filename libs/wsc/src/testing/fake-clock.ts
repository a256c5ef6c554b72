import type { Clock, Timer } from '../core/ports/clock.js';

/** Where a {@link FakeClock} starts. */
export interface FakeClockOptions {
  /** Milliseconds since 1970. @default 1_700_000_000_000 */
  readonly now?: number;
}

interface FakeTimer extends Timer {
  dueAt: number;
  readonly everyMs: number | undefined;
  readonly callback: () => void;
}

/** More turns than a test means; callbacks that always ask for another turn would hang it. */
const maxTurns = 10_000;

/** Time that stands still until a test advances it. */
export class FakeClock implements Clock {
  readonly #timers = new Set<FakeTimer>();
  #turns: (() => void)[] = [];
  #monotonic = 0;
  #offset: number;

  constructor(options: FakeClockOptions = {}) {
    this.#offset = options.now ?? 1_700_000_000_000;
  }

  /** How many timers run; 0 when everything was tidied up. */
  get timerCount(): number {
    return this.#timers.size;
  }

  now(): number {
    return this.#offset + this.#monotonic;
  }

  monotonic(): number {
    return this.#monotonic;
  }

  after(delayMs: number, callback: () => void): Timer {
    return this.#add({ delayMs, everyMs: undefined, callback });
  }

  every(intervalMs: number, callback: () => void): Timer {
    return this.#add({ delayMs: intervalMs, everyMs: Math.max(intervalMs, 1), callback });
  }

  nextTurn(callback: () => void): void {
    this.#turns.push(callback);
  }

  /** Lets so much time pass: fires what falls due in its order, with all that promises and next turns make of it. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms;
    await this.#settle();
    for (let timer = this.#nextDue(end); timer; timer = this.#nextDue(end)) {
      this.#monotonic = Math.max(this.#monotonic, timer.dueAt);
      if (timer.everyMs === undefined) this.#timers.delete(timer);
      else timer.dueAt = this.#monotonic + timer.everyMs;
      timer.callback();
      await this.#settle();
    }
    this.#monotonic = end;
  }

  /** Lets the process stand still for so long, as a stopped container does: timers are late and fire once at the next `advance`. */
  stall(ms: number): void {
    this.#monotonic += ms;
  }

  /** Sets the machine's wall clock forward or back; durations and timers don't notice. */
  jump(ms: number): void {
    this.#offset += ms;
  }

  #add(timer: {
    readonly delayMs: number;
    readonly everyMs: number | undefined;
    readonly callback: () => void;
  }): Timer {
    const added: FakeTimer = {
      dueAt: this.#monotonic + Math.max(timer.delayMs, 0),
      everyMs: timer.everyMs,
      callback: timer.callback,
      cancel: () => this.#timers.delete(added),
    };
    this.#timers.add(added);
    return added;
  }

  /** The first timer that is due by `end`; of equal ones the one that was set first. */
  #nextDue(end: number): FakeTimer | undefined {
    let next: FakeTimer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueAt <= end && (!next || timer.dueAt < next.dueAt)) next = timer;
    }
    return next;
  }

  /** Runs promises and next turns until nothing is left. */
  async #settle(): Promise<void> {
    for (let turn = 0; turn < maxTurns; turn += 1) {
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#turns.length === 0) return;
      const callbacks = this.#turns;
      this.#turns = [];
      for (const callback of callbacks) callback();
    }
    throw new Error(`Callbacks asked for another turn ${maxTurns} times.`);
  }
}
