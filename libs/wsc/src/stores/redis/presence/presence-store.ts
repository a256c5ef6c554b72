import { encodeName } from '@nest-wsc/protocol/cluster';
import type { Cluster, Redis } from 'ioredis';
import type { PlaceLimits, PlaceResult, PresenceEntry, RoomArrival } from '../../../core/ports/presence.js';
import type { RedisNames } from '../names.js';
import { runScript, type Script } from '../scripts/script.js';
import {
  entryText,
  parseEntry,
  parseRoomEntries,
  parseWord,
  roomEntryText,
  roomMember,
  userMember,
  type OwnedEntry,
  type OwnedRoomEntry,
} from './presence-text.js';
import { addedScript } from './scripts/added.lua.js';
import { joinedScript } from './scripts/joined.lua.js';
import { leftScript } from './scripts/left.lua.js';
import { removedScript } from './scripts/removed.lua.js';
import { reserveScript } from './scripts/reserve.lua.js';
import { sweepScript } from './scripts/sweep.lua.js';

/** What a {@link PresenceStore} needs. */
export interface PresenceStoreOptions {
  readonly redis: Redis | Cluster;
  readonly names: RedisNames;
  /** Whose name the entries bear; it may change. */
  readonly instanceId: () => string;
  /** Milliseconds for which somebody who left a room counts as returning. 0: never. */
  readonly graceMs: () => number;
  /** Milliseconds after which a place ends by itself. */
  readonly placeMs: number;
}

/** What a connection's coming means for its user. */
export interface Arrival {
  /** Whether it is the user's only one. */
  readonly isFirst: boolean;
  /** Whether Redis knew it already. */
  readonly wasKnown: boolean;
}

/** Part of a scan, and where it goes on; undefined: nowhere. */
export interface ScanPage {
  readonly members: readonly string[];
  readonly next: string | undefined;
}

/** What an instance has in a partition. */
export interface Holdings {
  readonly partition: number;
  readonly instanceId: string;
}

/** What a sweep has done. */
export interface SweepResult {
  readonly lookedAt: number;
  /** The members that were there still, and 1 where it was the user's last connection, or the last one in the room. */
  readonly removed: readonly { readonly member: string; readonly isLast: boolean }[];
}

const scanCount = 500;

/** What presence keeps in Redis, one step a call. Each call touches the keys of one partition. Rejects as ioredis does. */
export class PresenceStore {
  readonly #options: PresenceStoreOptions;

  constructor(options: PresenceStoreOptions) {
    this.#options = options;
  }

  async reserve(entry: PresenceEntry, limits: PlaceLimits, dead: readonly string[]): Promise<PlaceResult> {
    const { names, placeMs } = this.#options;
    const exceeded = await this.#run(
      reserveScript,
      [names.userKey(entry.userId), names.placesKey(entry.userId)],
      [
        encodeName(entry.connectionId),
        this.#instance,
        encodeName(entry.deviceId),
        placeMs,
        limits.maxConnections,
        limits.maxDevices,
        ...dead.map(encodeName),
      ],
    );
    if (exceeded === 0) return { ok: true };
    return { ok: false, exceeded: exceeded === 1 ? 'connections' : 'devices' };
  }

  /** A place that {@link added} has taken over is there no more. */
  async release({ userId, connectionId }: PresenceEntry): Promise<void> {
    const { redis, names } = this.#options;
    await redis.hdel(names.placesKey(userId), encodeName(connectionId));
  }

  async added(entry: PresenceEntry): Promise<Arrival> {
    const { names, instanceId } = this.#options;
    const partition = names.partitionOf(entry.userId);
    const { userId, connectionId } = entry;
    const answer = await this.#run(
      addedScript,
      [
        names.userKey(userId),
        names.placesKey(userId),
        names.onlineKey(partition),
        names.holdingsKey(partition, instanceId()),
      ],
      [
        encodeName(userId),
        encodeName(connectionId),
        entryText(entry, instanceId()),
        userMember(entry),
        names.holdingsKey(partition, ''),
      ],
    );
    const [count, wasKnown] = listOf(answer);
    return { isFirst: count === 1, wasKnown: wasKnown === 1 };
  }

  /** Answers whether it was the user's last one. */
  async removed(entry: PresenceEntry): Promise<boolean> {
    const { names } = this.#options;
    const { userId, connectionId } = entry;
    const partition = names.partitionOf(userId);
    const isLast = await this.#run(
      removedScript,
      [names.userKey(userId), names.placesKey(userId), names.onlineKey(partition)],
      [encodeName(userId), encodeName(connectionId), userMember(entry), names.holdingsKey(partition, '')],
    );
    return isLast === 1;
  }

  async joined(entry: PresenceEntry, room: string): Promise<Arrival & RoomArrival> {
    const { names, instanceId, graceMs } = this.#options;
    const partition = names.partitionOf(room);
    const answer = await this.#run(
      joinedScript,
      [names.roomKey(room), names.awayKey(room), names.holdingsKey(partition, instanceId())],
      [
        encodeName(entry.userId),
        encodeName(entry.connectionId),
        roomEntryText(entry, instanceId()),
        roomMember(entry, room),
        names.holdingsKey(partition, ''),
        graceMs(),
      ],
    );
    const [count, wasKnown, isReturn] = listOf(answer);
    return { isFirst: count === 1, wasKnown: wasKnown === 1, isReturn: count === 1 && isReturn === 1 };
  }

  /** Answers whether it was the user's last one in the room. @param wasTold `false`: whoever comes back does not return. */
  async left(entry: PresenceEntry, room: string, wasTold = true): Promise<boolean> {
    const { names, graceMs } = this.#options;
    const isLast = await this.#run(
      leftScript,
      [names.roomKey(room), names.awayKey(room)],
      [
        encodeName(entry.userId),
        encodeName(entry.connectionId),
        roomMember(entry, room),
        names.holdingsKey(names.partitionOf(room), ''),
        wasTold ? graceMs() : 0,
      ],
    );
    return isLast === 1;
  }

  async isOnline(userId: string): Promise<boolean> {
    const { redis, names } = this.#options;
    return (await redis.exists(names.userKey(userId))) === 1;
  }

  async entriesOf(userId: string): Promise<readonly OwnedEntry[]> {
    const { redis, names } = this.#options;
    const entries = Object.entries(await redis.hgetall(names.userKey(userId)));
    return entries.flatMap(([connection, text]) => parseEntry(userId, connection, text) ?? []);
  }

  async roomEntries(room: string): Promise<readonly (readonly [userId: string, entries: readonly OwnedRoomEntry[]])[]> {
    const { redis, names } = this.#options;
    const users = Object.entries(await redis.hgetall(names.roomKey(room)));
    return users.flatMap(([user, packed]) => {
      const userId = parseWord(user);
      return userId === undefined ? [] : [[userId, parseRoomEntries(packed)] as const];
    });
  }

  /** Users of a partition who are online, as they are written, in order. */
  async onlineAfter(partition: number, after: string | undefined, limit: number): Promise<readonly string[]> {
    const { redis, names } = this.#options;
    const from = after === undefined ? '-' : `(${after}`;
    return redis.zrangebylex(names.onlineKey(partition), from, '+', 'LIMIT', 0, limit);
  }

  async onlineCount(partition: number): Promise<number> {
    const { redis, names } = this.#options;
    return redis.zcard(names.onlineKey(partition));
  }

  /** How many members this node's set has. */
  async ownCount(partition: number): Promise<number> {
    const { redis, names, instanceId } = this.#options;
    return redis.scard(names.holdingsKey(partition, instanceId()));
  }

  /** The members of this node's set, some at a time; one may come twice. */
  async scanOwn(partition: number, cursor: string): Promise<ScanPage> {
    const { redis, names, instanceId } = this.#options;
    const [next, members] = await redis.sscan(names.holdingsKey(partition, instanceId()), cursor, 'COUNT', scanCount);
    return { members, next: next === '0' ? undefined : next };
  }

  /** Removes some of what an instance has: these members, or any `limit` of them where none are given. */
  async sweep(
    { partition, instanceId }: Holdings,
    limit: number,
    members: readonly string[] = [],
  ): Promise<SweepResult> {
    const { names, graceMs } = this.#options;
    const prefix = `${names.partitionAt(partition)}:`;
    const args = [encodeName(instanceId), prefix, graceMs(), limit, ...members];
    const answer = await this.#run(sweepScript, [names.holdingsKey(partition, instanceId)], args);
    const [lookedAt, ...removed] = listOf(answer);
    return { lookedAt: numberOf(lookedAt), removed: removed.map(String).map(parseRemoved) };
  }

  get #instance(): string {
    return encodeName(this.#options.instanceId());
  }

  async #run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return runScript(this.#options.redis, script, { keys, args });
  }
}

/** The member, a space, and `0` or `1`. */
function parseRemoved(text: string): { readonly member: string; readonly isLast: boolean } {
  return { member: text.slice(0, -2), isLast: text.endsWith('1') };
}

function listOf(answer: unknown): readonly unknown[] {
  return Array.isArray(answer) ? answer : [];
}

function numberOf(answer: unknown): number {
  return typeof answer === 'number' ? answer : 0;
}
