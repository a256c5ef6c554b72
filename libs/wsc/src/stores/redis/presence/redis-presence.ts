import { redisError } from '@nest-wsc/redis';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import type {
  PageRequest,
  PlaceLimits,
  PlaceResult,
  Presence,
  PresenceEntry,
  PresenceListener,
  RoomArrival,
  RoomUser,
  UserPage,
} from '../../../core/ports/presence.js';
import type { Instances } from '../cluster/instances.js';
import type { RedisConnections } from '../redis-connections.js';
import { readOnlinePage } from './online-pages.js';
import { OwnEntries, type OwnFact } from './own-entries.js';
import { PresenceStore } from './presence-store.js';
import type { OwnedRoomEntry } from './presence-text.js';
import { Sweeper } from './sweeper.js';
import { Upkeep } from './upkeep.js';

/** How long presence remembers. */
export interface RedisPresenceOptions {
  /** Who comes back into a room after less than this has not been away, on whichever node. @default 10_000 */
  readonly graceMs?: () => number;
  /** A place that nobody gave back ends after so long: longer than a handshake and its connect callbacks may take. @default 60_000 */
  readonly placeMs?: number;
  /** How often Redis is compared with what is true of this node. @default 5_000 */
  readonly auditMs?: number;
}

/** What {@link RedisPresence} works with. */
export interface RedisPresenceDependencies {
  readonly connections: RedisConnections;
  readonly instances: Instances;
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * Presence of all nodes on one Redis: one script per change, whose time does not depend on how many are online. A node that died is
 * tidied up behind by one of the others; one that Redis or the others have forgotten tells anew what it has, without being asked.
 * While Redis is gone, changes fail, and are told when it is back. Does not promise: that somebody is told of a dead node's users
 * where the node that was about to tell dies too.
 */
export class RedisPresence implements Presence {
  readonly #store: PresenceStore;
  readonly #own: OwnEntries;
  readonly #sweeper: Sweeper;
  readonly #upkeep: Upkeep;
  readonly #instances: Instances;
  readonly #partitions: readonly number[];
  #listener: PresenceListener = nobody;
  #closing: Promise<void> | undefined;

  constructor(options: RedisPresenceOptions, dependencies: RedisPresenceDependencies) {
    const { connections, instances, clock, logger } = dependencies;
    const { names, commands: redis } = connections;
    const { graceMs = () => 10_000, placeMs = 60_000, auditMs = 5_000 } = options;
    const instanceId = (): string => instances.self.instanceId;
    const partitions = names.partitions;
    const store = new PresenceStore({ redis, names, instanceId, graceMs, placeMs });
    const own = new OwnEntries({
      partitionCount: names.partitionCount,
      partitionOf: (name) => names.partitionOf(name),
    });
    const listener = (): PresenceListener => this.#listener;
    const sweeper = new Sweeper({ store, own, clock, partitions, listener });
    this.#instances = instances;
    this.#partitions = partitions;
    this.#store = store;
    this.#own = own;
    this.#sweeper = sweeper;
    this.#upkeep = new Upkeep({ store, own, sweeper, clock, logger, partitions, instanceId, auditMs, listener });
  }

  start(listener: PresenceListener): void {
    this.#listener = listener;
    this.#upkeep.start();
    this.#instances.watch({
      reap: (instanceId) => this.#sweeper.reap(instanceId),
      renewed: (wasTakenForDead) => {
        if (wasTakenForDead) this.#own.deny();
        this.#upkeep.request(0);
      },
    });
  }

  async reserve(entry: PresenceEntry, limits: PlaceLimits): Promise<PlaceResult> {
    return this.#read(this.#store.reserve(entry, limits, this.#instances.dead()));
  }

  /** One that can't be given back now ends by itself. */
  async release(entry: PresenceEntry): Promise<void> {
    return this.#read(this.#store.release(entry));
  }

  async added(entry: PresenceEntry): Promise<{ readonly isFirst: boolean }> {
    this.#own.add(entry);
    const { isFirst } = await this.#arrive({ entry }, this.#store.added(entry));
    return { isFirst };
  }

  async removed(entry: PresenceEntry): Promise<{ readonly isLast: boolean }> {
    const rooms = this.#own.remove(entry);
    const left = rooms.map(async (room) => this.#store.left(entry, room));
    const [isLast] = await this.#change(Promise.all([this.#store.removed(entry), ...left]));
    return { isLast };
  }

  async joined(entry: PresenceEntry, room: string): Promise<RoomArrival> {
    const joined = this.#store.joined(this.#own.join(entry, room), room);
    const { isFirst, isReturn } = await this.#arrive({ entry, room }, joined);
    return { isFirst, isReturn };
  }

  async left(entry: PresenceEntry, room: string, wasTold = true): Promise<{ readonly isLast: boolean }> {
    this.#own.leave(entry, room);
    return { isLast: await this.#change(this.#store.left(entry, room, wasTold)) };
  }

  async isOnline(userId: string): Promise<boolean> {
    if (this.#instances.dead().length === 0) return this.#read(this.#store.isOnline(userId));
    return (await this.connectionsOf(userId)).length > 0;
  }

  /** Users of a node that has just died are among them until they are tidied away, a moment later. */
  async onlineUsers(page: PageRequest): Promise<UserPage> {
    return this.#read(readOnlinePage(this.#store, this.#partitions.length, page));
  }

  /** As {@link onlineUsers}. */
  async onlineUserCount(): Promise<number> {
    const counts = this.#partitions.map(async (partition) => this.#store.onlineCount(partition));
    return (await this.#read(Promise.all(counts))).reduce((sum, count) => sum + count, 0);
  }

  async connectionsOf(userId: string): Promise<readonly PresenceEntry[]> {
    const entries = await this.#read(this.#store.entriesOf(userId));
    return this.#living(entries).map(({ entry }) => entry);
  }

  async roomUsers(room: string): Promise<readonly RoomUser[]> {
    const users = await this.#read(this.#store.roomEntries(room));
    return users.flatMap(([userId, entries]) => summary(userId, this.#living(entries)) ?? []);
  }

  /** What this node still has goes, as far as Redis can be reached; otherwise the others tidy up behind it. */
  async close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    const hasRest = this.#upkeep.isDue || this.#partitions.some((partition) => this.#own.countIn(partition) > 0);
    this.#sweeper.stop();
    await this.#upkeep.close();
    this.#own.clear();
    if (hasRest) await this.#sweeper.clear(this.#instances.self.instanceId).catch(() => undefined);
  }

  #living<T extends { readonly instanceId: string }>(entries: readonly T[]): readonly T[] {
    const dead = this.#instances.dead();
    return dead.length === 0 ? entries : entries.filter(({ instanceId }) => !dead.includes(instanceId));
  }

  /** @throws {WscError} WSC_UNAVAILABLE; then the caller can tell nobody, and it is told as returned later. */
  async #arrive<T>(fact: OwnFact, work: Promise<T>): Promise<T> {
    try {
      return await this.#change(work);
    } catch (error) {
      this.#own.unheard(fact);
      throw error;
    }
  }

  /** @throws {WscError} WSC_UNAVAILABLE; then Redis may know something else than what is true, which is mended later. */
  async #change<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      this.#upkeep.request();
      throw redisError(error);
    }
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async #read<T>(work: Promise<T>): Promise<T> {
    try {
      return await work;
    } catch (error) {
      throw redisError(error);
    }
  }
}

const nobody: PresenceListener = { expired: () => undefined, returned: () => undefined, returnedTo: () => undefined };

function summary(userId: string, entries: readonly OwnedRoomEntry[]): RoomUser | undefined {
  if (entries.length === 0) return undefined;
  const devices = new Set(entries.map(({ deviceId }) => deviceId)).size;
  return { userId, devices, since: Math.min(...entries.map(({ since }) => since)) };
}
