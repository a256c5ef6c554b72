import { decodeOpenEntry, type OpenEntryDestination } from '@nest-wsc/protocol/cluster';
import type { Clock } from '../../../core/ports/clock.js';
import { EntryLanes } from './entry-lanes.js';
import { handleEntry, moveAside, type EntryWork } from './entry-work.js';
import { firstCursor, type RawEntry } from './open-stream.js';
import { Sleepers } from './sleepers.js';

/** What an {@link IngestSession} works with. */
export interface IngestSessionOptions extends Omit<EntryWork, 'mayGoOn' | 'backOff'> {
  readonly clock: Clock;
  /** Whether this node still is the one that reads. */
  readonly isHeld: () => boolean;
  /** Before the second attempt; twice as long each time after it. */
  readonly firstRetryMs: number;
}

/**
 * Entries that are worked on or wait, at a time: they are in memory. So many, because a destination that takes nothing for now (a full
 * inbox is waited for some 15 s) holds its own, and those of others behind them should not wait too.
 */
const maxHeldCount = 4_096;
const maxHeldLength = 32 * 1024 * 1024;
/** For how long it waits for a place before it looks around again. */
const waitMs = 500;
const longestRetryMs = 5_000;
/** How long what was begun may take at the end. */
const endMs = 3_000;

/** Reads for as long as this node is the one that does. */
export class IngestSession {
  readonly #options: IngestSessionOptions;
  readonly #work: EntryWork;
  readonly #lanes = new EntryLanes();
  /** Lengths by entry id. */
  readonly #held = new Map<string, number>();
  #heldLength = 0;
  readonly #backingOff: Sleepers;
  readonly #waitingForPlace: Sleepers;
  #isOver = false;

  constructor(options: IngestSessionOptions) {
    this.#options = options;
    this.#backingOff = new Sleepers(options.clock);
    this.#waitingForPlace = new Sleepers(options.clock);
    this.#work = {
      ...options,
      mayGoOn: () => !this.#isOver && options.isHeld(),
      backOff: (attempt) =>
        this.#backingOff.sleep(Math.min(longestRetryMs, options.firstRetryMs * 2 ** Math.min(attempt - 1, 10))),
    };
  }

  /** Takes what was read and not settled for so long: by a node that died, or whose answer was lost. */
  async takeUp(idleMs: number): Promise<void> {
    let cursor = firstCursor;
    do {
      while (this.#isFull && this.#work.mayGoOn()) await this.#waitingForPlace.sleep(waitMs);
      if (!this.#work.mayGoOn()) return;
      const { entries, next } = await this.#options.stream.claim(idleMs, cursor);
      for (const entry of entries) this.#take(entry);
      cursor = next;
    } while (cursor !== firstCursor);
  }

  /** Takes what is new, where there is a place for it. Comes back within a second. */
  async readOn(): Promise<void> {
    if (this.#isFull) return this.#waitingForPlace.sleep(waitMs);
    for (const entry of await this.#options.stream.read()) this.#take(entry);
  }

  /** Lets what has begun end, and begins nothing more. */
  async end(): Promise<void> {
    this.#isOver = true;
    this.#backingOff.close();
    this.#waitingForPlace.close();
    const tooLong = new Promise<void>((resolve) => this.#options.clock.after(endMs, resolve));
    await Promise.race([this.#lanes.idle(), tooLong]);
  }

  get #isFull(): boolean {
    return this.#held.size >= maxHeldCount || this.#heldLength >= maxHeldLength;
  }

  #take(raw: RawEntry): void {
    if (this.#held.has(raw.id)) return;
    const length = (raw.fields ?? []).reduce((sum, text) => sum + text.length, 0);
    this.#held.set(raw.id, length);
    this.#heldLength += length;
    this.#begin(raw, () => {
      this.#held.delete(raw.id);
      this.#heldLength -= length;
      if (!this.#isFull) this.#waitingForPlace.wake();
    });
  }

  #begin(raw: RawEntry, done: () => void): void {
    if (raw.fields === undefined) {
      this.#settleOrLeave(() => this.#work.stream.settle(raw.id), done);
      return;
    }
    const decoded = decodeOpenEntry(raw.fields);
    if (!decoded.ok) {
      this.#settleOrLeave(() => moveAside(this.#work, raw, decoded.fault), done);
      return;
    }
    const { entry } = decoded;
    this.#lanes.add(laneOf(entry.destination), async (lane) => {
      await handleEntry(this.#work, { raw, entry }, lane);
      done();
    });
  }

  /** What fails is found again, since it is not settled. */
  #settleOrLeave(settle: () => Promise<void>, done: () => void): void {
    const { faults, name } = this.#work;
    void settle()
      .catch(() => faults.note(name, 'An entry could not be settled; it will be tried again.'))
      .then(done);
  }
}

function laneOf(destination: OpenEntryDestination): string {
  switch (destination.kind) {
    case 'everyone':
      return 'all';
    case 'user':
      return `user:${destination.userId}`;
    case 'room':
      return `room:${destination.room}`;
  }
}
