import type { Clock, Timer } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import type { PresenceListener } from '../../../core/ports/presence.js';
import type { Doubt, OwnEntries, OwnFact } from './own-entries.js';
import type { Arrival, PresenceStore } from './presence-store.js';
import type { Sweeper } from './sweeper.js';

/** What {@link Upkeep} needs. */
export interface UpkeepDependencies {
  readonly store: PresenceStore;
  readonly own: OwnEntries;
  readonly sweeper: Sweeper;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly partitions: readonly number[];
  readonly instanceId: () => string;
  /** How often Redis is compared with what is true. */
  readonly auditMs: number;
  readonly listener: () => PresenceListener;
}

/** After a failure; whoever hears the connections' own failures does not wait for it. */
const retryMs = 1_000;
/** Told at a time, so that what clients do now does not wait behind all of it. */
const toldAtOnce = 200;

/**
 * Brings what Redis knows of this node's connections back to what is true: after a command failed, after Redis has lost what it was
 * told (flushed, restarted, failed over to a replica that was behind), after others took this node for dead. Nobody is told of who was
 * there all along; who has gone meanwhile is told of as of a dead node's, and who came unheard, or was told to be gone, as returned.
 */
export class Upkeep {
  readonly #deps: UpkeepDependencies;
  #audits: Timer | undefined;
  #retry: { readonly timer: Timer; readonly at: number } | undefined;
  #running: Promise<void> | undefined;
  #isDue = false;
  #isClosed = false;
  /** Partitions that differed at the last look. */
  #suspects = new Set<number>();

  constructor(dependencies: UpkeepDependencies) {
    this.#deps = dependencies;
  }

  start(): void {
    this.#audits = this.#deps.clock.every(this.#deps.auditMs, () => void this.#audit());
  }

  /** Redis may know something else than what is true. */
  request(delayMs = retryMs): void {
    if (this.#isClosed) return;
    this.#isDue = true;
    if (this.#running !== undefined) return;
    const { clock } = this.#deps;
    const at = clock.monotonic() + delayMs;
    // Put off by each failure, it would wait for ever where one part of a Cluster keeps failing.
    if (this.#retry !== undefined && this.#retry.at <= at) return;
    this.#retry?.timer.cancel();
    const timer = clock.after(delayMs, () => {
      this.#retry = undefined;
      this.#running = this.#restore().finally(() => {
        this.#running = undefined;
        if (this.#isDue) this.request();
      });
    });
    this.#retry = { timer, at };
  }

  /** Whether Redis is known to differ. */
  get isDue(): boolean {
    return this.#isDue;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#audits?.cancel();
    this.#retry?.timer.cancel();
    await this.#running;
  }

  async #restore(): Promise<void> {
    const { sweeper, logger, instanceId } = this.#deps;
    this.#isDue = false;
    try {
      const count = await this.#tellAll();
      if (this.#isClosed) return;
      await sweeper.sweepStrays(instanceId());
      logger.info('Redis knows again who is here.', { count });
    } catch (cause) {
      this.#isDue = true;
      logger.debug('Redis could not be told who is here; it will be tried again.', { cause });
    }
  }

  async #tellAll(): Promise<number> {
    let count = 0;
    let batch: Promise<unknown>[] = [];
    for (const fact of this.#deps.own.facts()) {
      if (this.#isClosed) break;
      batch.push(this.#tell(fact));
      count += 1;
      if (batch.length < toldAtOnce) continue;
      await Promise.all(batch);
      batch = [];
    }
    await Promise.all(batch);
    return count;
  }

  /** Whoever goes while Redis is told is in doubt no more, and not told as returned. */
  async #tell(fact: OwnFact): Promise<void> {
    const { store, own, listener } = this.#deps;
    const { entry, room } = fact;
    if (room === undefined) {
      const arrival = await store.added(entry);
      if (isReturn(own.settle(fact), arrival)) listener().returned(entry.userId);
      return;
    }
    const arrival = await store.joined(entry, room);
    if (isReturn(own.settle(fact), arrival)) listener().returnedTo(room, entry.userId, arrival.isReturn);
  }

  /** Commands of one connection come in order, so Redis answers what is true when it is asked, unless something was lost. */
  async #audit(): Promise<void> {
    const { partitions, store, own } = this.#deps;
    if (this.#isDue || this.#running !== undefined) return;
    try {
      const differing = await Promise.all(
        partitions.map(async (partition) => {
          const expected = own.countIn(partition);
          return (await store.ownCount(partition)) === expected ? [] : [partition];
        }),
      );
      const suspects = new Set(differing.flat());
      // Twice: a script that Redis has just forgotten comes a moment late.
      if ([...suspects].some((partition) => this.#suspects.has(partition))) this.request(0);
      this.#suspects = suspects;
    } catch {
      // Redis is gone; whoever could not tell it something has said so.
    }
  }
}

/** Whether somebody has to hear that the user is there. Where nobody can say whether the first time was told, it is told again. */
function isReturn(doubt: Doubt | undefined, { isFirst, wasKnown }: Arrival): boolean {
  if (doubt === undefined) return false;
  // Redis carried out a change whose answer was lost; its first time may have been that one, whoever has come since.
  if (doubt === 'unheard') return isFirst || wasKnown;
  return isFirst && !wasKnown;
}
