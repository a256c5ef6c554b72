import type { Clock, Timer } from '../ports/clock.js';

/** What the heartbeat needs to know of a connection. */
export interface HeartbeatMember {
  /** {@link Heartbeat.now} at the last inbound traffic. */
  lastSeenAt: number;
  /** Kept by the heartbeat: the tick at which it is looked at next; undefined while it is not watched. */
  visitTick: number | undefined;
  /** Nothing is read from it for now, so that its silence says nothing. */
  readonly isInboundPaused: boolean;
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

const longestTickMs = 1000;
const shortestTickMs = 10;
// Thousands that came in the same second (after a restart) are pinged over some ticks: each ping is a system call.
const ticksForAll = 8;
const smallestShare = 256;

/**
 * Finds quiet connections with one timer for all of them: each tick visits only those whose turn it is. A busy member is looked at
 * once per interval and costs nothing else. Adding and removing take constant time.
 *
 * A member whose inbound is paused is pinged but not expired: its answers can't be read. If it is gone, what is written to it
 * (the pings at least) finds that out: by the write time-out, or by TCP.
 */
export class Heartbeat<T extends HeartbeatMember> {
  readonly #options: HeartbeatOptions<T>;
  /** Who is to be visited at which tick. */
  readonly #slots = new Map<number, Set<T>>();
  #size = 0;
  #tickIndex = 0;
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
    return this.#size;
  }

  /** Starts to watch a member, seen just now. */
  add(member: T): void {
    if (member.visitTick !== undefined) return;
    if (!this.#timer) this.#start();
    this.#size += 1;
    member.lastSeenAt = this.#now;
    this.#schedule(member);
  }

  /** Ends watching it; harmless when it is not watched. */
  remove(member: T): void {
    if (member.visitTick === undefined) return;
    this.#slots.get(member.visitTick)?.delete(member);
    member.visitTick = undefined;
    this.#size -= 1;
    if (this.#size === 0) this.#stop();
  }

  /** Forgets all members and stops the timer. */
  close(): void {
    for (const member of this.#members()) member.visitTick = undefined;
    this.#size = 0;
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
    this.#slots.clear();
  }

  #tick(): void {
    const monotonic = this.#options.clock.monotonic();
    this.#now += Math.min(monotonic - this.#lastTickAt, 2 * this.#tickMs);
    this.#lastTickAt = monotonic;
    if (this.#haveSettingsChanged()) this.#restart();
    this.#tickIndex += 1;
    const due = this.#slots.get(this.#tickIndex);
    if (!due) return;
    let share = Math.max(smallestShare, Math.ceil(this.size / ticksForAll));
    for (const member of due) {
      share -= 1;
      if (share >= 0) this.#visit(member);
      else this.#put(member, 1);
    }
    // Not before: whoever is removed meanwhile must not be visited any more.
    this.#slots.delete(this.#tickIndex);
  }

  #visit(member: T): void {
    const quietMs = this.#now - member.lastSeenAt;
    if (quietMs < Math.min(this.#intervalMs, this.#expiryMs)) {
      this.#schedule(member);
    } else if (quietMs < this.#expiryMs || member.isInboundPaused) {
      if (member.isInboundPaused) member.lastSeenAt = this.#now;
      this.#schedule(member);
      this.#options.ping(member);
    } else {
      this.remove(member);
      this.#options.expire(member);
    }
  }

  #haveSettingsChanged(): boolean {
    return this.#intervalMs !== this.#options.intervalMs() || this.#timeoutMs !== this.#options.timeoutMs();
  }

  get #isOff(): boolean {
    return this.#intervalMs <= 0;
  }

  get #expiryMs(): number {
    return this.#timeoutMs > 0 ? this.#timeoutMs : Infinity;
  }

  /** Notes when a member's next ping or expiry may be due. */
  #schedule(member: T): void {
    const quietMs = this.#now - member.lastSeenAt;
    const dueInMs = Math.min(this.#intervalMs - (quietMs % this.#intervalMs), this.#expiryMs - quietMs);
    this.#put(member, this.#isOff ? Infinity : Math.max(Math.ceil(dueInMs / this.#tickMs), 1));
  }

  #put(member: T, ticks: number): void {
    const index = this.#tickIndex + ticks;
    const slot = this.#slots.get(index) ?? new Set();
    this.#slots.set(index, slot.add(member));
    member.visitTick = index;
  }

  #members(): readonly T[] {
    return Array.from(this.#slots.values(), (slot) => [...slot]).flat();
  }

  /** The settings have changed: a new tick, and a fresh start for everybody, so that nobody expires without having been pinged. */
  #restart(): void {
    const members = this.#members();
    this.#stop();
    this.#start();
    for (const member of members) {
      member.lastSeenAt = this.#now;
      this.#schedule(member);
    }
  }
}

/** A thirtieth of what is to be measured, so that nobody is more than that late. */
function tickFor(intervalMs: number, timeoutMs: number): number {
  const shortestMs = Math.min(intervalMs > 0 ? intervalMs : Infinity, timeoutMs > 0 ? timeoutMs : Infinity);
  return Math.min(Math.max(Math.floor(shortestMs / 30), shortestTickMs), longestTickMs);
}
