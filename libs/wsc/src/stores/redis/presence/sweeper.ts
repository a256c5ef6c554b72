import { WscError } from '@nest-wsc/protocol';
import type { Clock } from '../../../core/ports/clock.js';
import type { ExpiredUser, PresenceListener } from '../../../core/ports/presence.js';
import type { OwnEntries } from './own-entries.js';
import type { Holdings, PresenceStore, SweepResult } from './presence-store.js';
import { parseMember } from './presence-text.js';

/** What a {@link Sweeper} needs. */
export interface SweeperDependencies {
  readonly store: PresenceStore;
  readonly own: OwnEntries;
  readonly clock: Clock;
  readonly partitions: readonly number[];
  readonly listener: () => PresenceListener;
}

/** Removed in one step of Redis, which serves nobody else meanwhile. */
const sweptAtOnce = 200;
/** Users told of in one turn. */
const toldAtOnce = 100;

/** Removes from Redis what has no connection any more, and tells of each user once. */
export class Sweeper {
  readonly #deps: SweeperDependencies;
  #isStopped = false;

  constructor(dependencies: SweeperDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Removes all that a dead node had. What was removed is told of, even if the rest fails.
   * @throws {WscError} WSC_UNAVAILABLE once it is stopped.
   */
  async reap(instanceId: string): Promise<void> {
    const gone = new GoneUsers();
    try {
      for (const partition of this.#deps.partitions) {
        while (await this.#sweepSome({ partition, instanceId }, gone)) this.#requireNotStopped();
      }
    } finally {
      await this.#tell(gone);
    }
  }

  /** Leaves dead nodes to others. */
  stop(): void {
    this.#isStopped = true;
  }

  /** Removes all that this node has, where nobody needs to hear of it any more. */
  async clear(instanceId: string): Promise<void> {
    const gone = new GoneUsers();
    for (const partition of this.#deps.partitions) {
      while (await this.#sweepSome({ partition, instanceId }, gone));
    }
  }

  /** Removes what Redis takes for this node's and what is not: its end could not be told. */
  async sweepStrays(instanceId: string): Promise<void> {
    const gone = new GoneUsers();
    try {
      for (const partition of this.#deps.partitions) await this.#sweepStraysIn({ partition, instanceId }, gone);
    } finally {
      await this.#tell(gone);
    }
  }

  /** Answers whether there may be more. */
  async #sweepSome(where: Holdings, gone: GoneUsers): Promise<boolean> {
    const result = await this.#deps.store.sweep(where, sweptAtOnce);
    gone.add(result);
    return result.lookedAt === sweptAtOnce;
  }

  #requireNotStopped(): void {
    if (this.#isStopped) throw new WscError('WSC_UNAVAILABLE', { message: 'This node closes.' });
  }

  async #sweepStraysIn(where: Holdings, gone: GoneUsers): Promise<void> {
    const { store } = this.#deps;
    for (let cursor: string | undefined = '0'; cursor !== undefined;) {
      const page = await store.scanOwn(where.partition, cursor);
      const strays = page.members.filter((member) => !this.#isOwn(member));
      if (strays.length > 0) gone.add(await store.sweep(where, 0, strays));
      cursor = page.next;
    }
  }

  #isOwn(text: string): boolean {
    const { own } = this.#deps;
    const member = parseMember(text);
    if (member === undefined) return false;
    return member.kind === 'user' ? own.isOnline(member.connectionId) : own.isIn(member.connectionId, member.room);
  }

  async #tell(gone: GoneUsers): Promise<void> {
    let told = 0;
    for (const user of gone.all()) {
      this.#deps.listener().expired(user);
      told += 1;
      // A node with thousands of users has died: this one's own connections should not wait for all of them.
      if (told % toldAtOnce === 0) await new Promise<void>((resolve) => this.#deps.clock.nextTurn(resolve));
    }
  }
}

/** Puts together what sweeps of several partitions say of the same user. */
class GoneUsers {
  readonly #users = new Map<string, { isLast: boolean; readonly rooms: string[] }>();

  add({ removed }: SweepResult): void {
    for (const { member: text, isLast } of removed) {
      const member = parseMember(text);
      if (member === undefined || !isLast) continue;
      const user = this.#users.get(member.userId) ?? { isLast: false, rooms: [] };
      this.#users.set(member.userId, user);
      if (member.kind === 'user') user.isLast = true;
      else user.rooms.push(member.room);
    }
  }

  *all(): IterableIterator<ExpiredUser> {
    for (const [userId, { isLast, rooms }] of this.#users) yield { userId, isLast, rooms };
  }
}
