import type { Clock, Timer } from './ports/clock.js';

/** What the heartbeat needs to know of a connection. */
export interface HeartbeatMember {
  /** {@link Heartbeat.now} at the last inbound traffic. */
  lastSeenAt: number;
}

/** What a {@link Heartbeat} needs. Settings are read at each tick, so that they may change while it runs. */
export interface HeartbeatOptions<T extends HeartbeatMember> {
  readonly clock: Clock;
  /** A member that was quiet for so long is pinged. 0: no heartbeat at all. */
  readonly intervalMs: () => number;
  /** A member that was quiet for so long is expired. 0: never. */
  readonly timeoutMs: () => number;
  /** Asks a quiet member for a sign of life. Must not throw. */
  ping(member: T): void;
  /** Ends a member that gave none; it has been removed. Must not throw. */
  expire(member: T): void;
}

const slotCount = 64;
const longestTickMs = 1000;
const shortestTickMs = 10;

/**
 * Finds quiet connections with one timer for all of them: a wheel of slots, one of which is visited per tick. A busy member is
 * looked at once per interval and costs nothing else. Adding and removing take constant time.
 */
export class Heartbeat<T extends HeartbeatMember> {
  readonly #options: HeartbeatOptions<T>;
  readonly #slotOf = new Map<T, Set<T>>();
  #slots = emptySlots<T>();
  #position = 0;
  #now = 0;
  #lastTickAt = 0;
  #intervalMs = 0;
  #timeoutMs = 0;
  #tickMs = longestTickMs;
  #timer: Timer | undefined;

  constructor(options: HeartbeatOptions<T>) {
    this.#options = options;
  }

  /**
   * Milliseconds, as of the last tick (a second ago at most). Never goes back, and hardly moves while the process stands still:
   * members could not be heard then, and must not be expired for it.
   */
  get now(): number {
    return this.#now;
  }

  get size(): number {
    return this.#slotOf.size;
  }

  /** Starts to watch a member, seen just now. */
  add(member: T): void {
    if (this.#slotOf.has(member)) return;
    if (!this.#timer) this.#start();
    member.lastSeenAt = this.#now;
    this.#schedule(member);
  }

  /** Ends watching it; harmless when it is not watched. */
  remove(member: T): void {
    this.#slotOf.get(member)?.delete(member);
    if (this.#slotOf.delete(member) && this.#slotOf.size === 0) this.#stop();
  }

  /** Forgets all members and stops the timer. */
  close(): void {
    this.#slotOf.clear();
    this.#slots = emptySlots();
    this.#stop();
  }

  #start(): void {
    this.#intervalMs = this.#options.intervalMs();
    this.#timeoutMs = this.#options.timeoutMs();
    this.#tickMs = tickFor(this.#intervalMs, this.#timeoutMs);
    this.#lastTickAt = this.#options.clock.monotonic();
    this.#timer = this.#options.clock.every(this.#tickMs, () => this.#tick());
  }

  #stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #tick(): void {
    const monotonic = this.#options.clock.monotonic();
    this.#now += Math.min(monotonic - this.#lastTickAt, 2 * this.#tickMs);
    this.#lastTickAt = monotonic;
    if (this.#intervalMs !== this.#options.intervalMs() || this.#timeoutMs !== this.#options.timeoutMs())
      this.#restart();
    this.#position = (this.#position + 1) % slotCount;
    const due = this.#slots[this.#position];
    if (!due || due.size === 0) return;
    // Taken out first: members are put into slots again, and callbacks may remove any of them.
    this.#slots[this.#position] = new Set();
    for (const member of due) this.#visit(member);
  }

  #visit(member: T): void {
    const quietMs = this.#now - member.lastSeenAt;
    if (this.#isOff || quietMs < Math.min(this.#intervalMs, this.#expiryMs)) return this.#schedule(member);
    if (quietMs >= this.#expiryMs) {
      this.remove(member);
      return this.#options.expire(member);
    }
    this.#schedule(member);
    this.#options.ping(member);
  }

  get #isOff(): boolean {
    return this.#intervalMs <= 0;
  }

  get #expiryMs(): number {
    return this.#timeoutMs > 0 ? this.#timeoutMs : Infinity;
  }

  /** Puts a member into the slot of its next ping or expiry; one further than the wheel reaches is looked at early. */
  #schedule(member: T): void {
    const quietMs = this.#now - member.lastSeenAt;
    const untilPingMs = this.#isOff ? Infinity : this.#intervalMs - (quietMs % this.#intervalMs);
    const dueInMs = Math.min(untilPingMs, this.#isOff ? Infinity : this.#expiryMs - quietMs);
    const ticks = Math.min(Math.max(Math.ceil(dueInMs / this.#tickMs), 1), slotCount - 1);
    const slot = this.#slots[(this.#position + ticks) % slotCount];
    if (!slot) return;
    slot.add(member);
    this.#slotOf.set(member, slot);
  }

  /** The settings have changed: a new tick, and a new place for everybody. */
  #restart(): void {
    this.#stop();
    this.#start();
    this.#slots = emptySlots();
    for (const member of this.#slotOf.keys()) this.#schedule(member);
  }
}

function emptySlots<T>(): Set<T>[] {
  return Array.from({ length: slotCount }, () => new Set<T>());
}

/** A thirtieth of what is to be measured, so that nobody is more than that late. */
function tickFor(intervalMs: number, timeoutMs: number): number {
  const shortestMs = Math.min(intervalMs > 0 ? intervalMs : Infinity, timeoutMs > 0 ? timeoutMs : Infinity);
  return Math.min(Math.max(Math.floor(shortestMs / 30), shortestTickMs), longestTickMs);
}
