import type { Clock, Timer } from '../ports/clock.js';
import type { Encoding } from '../ports/transport.js';
import { PendingChain } from './pending-chain.js';

/** What the fan-out flushes: an outbox. */
export interface Flushable {
  flush(): void;
}

/** What waits for its link to take bytes again. */
export interface Stallable {
  /** Monotonic milliseconds: when the link last took bytes. */
  readonly blockedSince: number;
  /** The link took nothing for the whole write time-out. */
  stalled(): void;
}

/** The empty sequences of one encoding. */
export interface ChainRoots {
  readonly high: PendingChain;
  readonly normal: PendingChain;
}

/** How long one flush may hold the event loop before it lets others have a turn. */
const flushSliceMs = 8;
/** How many outboxes are flushed between two looks at the clock. */
const flushesPerLook = 64;
const stallCheckMs = 500;

/**
 * Flushes dirty outboxes once per turn of the event loop and watches those whose link takes nothing.
 * Everything that one turn sends to a connection leaves in one write; connections with the same pending
 * sequence share its buffer (docs/architecture.md).
 */
export class FanOut {
  readonly #clock: Clock;
  readonly #flushDelayMs: () => number;
  readonly #writeTimeoutMs: () => number;
  readonly #roots = new Map<Encoding, ChainRoots>();
  readonly #blocked = new Set<Stallable>();
  #dirty: Flushable[] = [];
  #isScheduled = false;
  #stallTimer: Timer | undefined;

  constructor(options: {
    readonly clock: Clock;
    readonly flushDelayMs: () => number;
    readonly writeTimeoutMs: () => number;
  }) {
    this.#clock = options.clock;
    this.#flushDelayMs = options.flushDelayMs;
    this.#writeTimeoutMs = options.writeTimeoutMs;
  }

  get monotonicNow(): number {
    return this.#clock.monotonic();
  }

  /** Connections share a sequence only where they share the encoding. */
  rootsOf(encoding: Encoding): ChainRoots {
    let roots = this.#roots.get(encoding);
    if (roots === undefined) {
      roots = { high: new PendingChain(), normal: new PendingChain() };
      this.#roots.set(encoding, roots);
    }
    return roots;
  }

  /** Flushes `outbox` at the end of this turn (or after the flush delay). Called once per outbox and flush. */
  schedule(outbox: Flushable): void {
    this.#dirty.push(outbox);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    const delayMs = this.#flushDelayMs();
    if (delayMs > 0) this.#clock.after(delayMs, this.#flush);
    else this.#clock.nextTurn(this.#flush);
  }

  blocked(outbox: Stallable): void {
    this.#blocked.add(outbox);
    if (this.#writeTimeoutMs() > 0) this.#stallTimer ??= this.#clock.every(stallCheckMs, this.#checkStalled);
  }

  unblocked(outbox: Stallable): void {
    this.#blocked.delete(outbox);
    if (this.#blocked.size > 0) return;
    this.#stallTimer?.cancel();
    this.#stallTimer = undefined;
  }

  get blockedCount(): number {
    return this.#blocked.size;
  }

  close(): void {
    this.#stallTimer?.cancel();
    this.#stallTimer = undefined;
    this.#blocked.clear();
  }

  readonly #flush = (): void => {
    const dirty = this.#dirty;
    this.#dirty = [];
    this.#isScheduled = false;
    for (const roots of this.#roots.values()) {
      roots.high.forgetNext();
      roots.normal.forgetNext();
    }
    this.#flushFrom(dirty, 0);
  };

  /** What is left when the slice is used up goes first in the next turn, so a long flush does not hold the loop. */
  #flushFrom(dirty: readonly Flushable[], start: number): void {
    const deadline = this.#clock.monotonic() + flushSliceMs;
    for (let index = start; index < dirty.length; index += 1) {
      dirty[index]?.flush();
      if ((index + 1) % flushesPerLook === 0 && index + 1 < dirty.length && this.#clock.monotonic() >= deadline) {
        this.#clock.nextTurn(() => this.#flushFrom(dirty, index + 1));
        return;
      }
    }
  }

  readonly #checkStalled = (): void => {
    const limit = this.#clock.monotonic() - this.#writeTimeoutMs();
    for (const outbox of this.#blocked) if (outbox.blockedSince <= limit) outbox.stalled();
  };
}
