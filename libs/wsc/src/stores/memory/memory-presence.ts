import { MultiMap } from '../../core/collections/multi-map.js';
import type {
  PageRequest,
  PlaceLimits,
  PlaceResult,
  Presence,
  PresenceEntry,
  RoomArrival,
  RoomUser,
  UserPage,
} from '../../core/ports/presence.js';
import { EntriesByUser } from './entries-by-user.js';

const defaultPageSize = 100;
const maxPageSize = 1000;

/** Presence of a hub that is alone. Holds nothing but the entries it was told of. */
export class MemoryPresence implements Presence {
  readonly #online = new EntriesByUser();
  /** Of connections that are about to open. */
  readonly #reserved = new EntriesByUser();
  readonly #rooms = new Map<string, EntriesByUser>();
  /** By connection id. */
  readonly #roomsOf = new MultiMap<string, string>();
  /** All users in order; made when a page is asked for, thrown away when a user comes or goes. */
  #sorted: readonly string[] | undefined;

  /** Nobody else has entries here that could expire. */
  start(): void {
    return;
  }

  reserve(entry: PresenceEntry, { maxConnections, maxDevices }: PlaceLimits): PlaceResult {
    const others = [...this.#online.entriesOf(entry.userId), ...this.#reserved.entriesOf(entry.userId)];
    if (maxConnections > 0 && others.length >= maxConnections) return { ok: false, exceeded: 'connections' };
    const devices = new Set(others.map(({ deviceId }) => deviceId));
    if (maxDevices > 0 && devices.size >= maxDevices && !devices.has(entry.deviceId))
      return { ok: false, exceeded: 'devices' };
    this.#reserved.add(entry);
    return { ok: true };
  }

  release(entry: PresenceEntry): void {
    this.#reserved.remove(entry);
  }

  added(entry: PresenceEntry): { readonly isFirst: boolean } {
    this.#reserved.remove(entry);
    const isFirst = this.#online.add(entry);
    if (isFirst) this.#sorted = undefined;
    return { isFirst };
  }

  removed(entry: PresenceEntry): { readonly isLast: boolean } {
    for (const room of this.#roomsOf.of(entry.connectionId)) this.left(entry, room);
    const isLast = this.#online.remove(entry);
    if (isLast) this.#sorted = undefined;
    return { isLast };
  }

  joined(entry: PresenceEntry, room: string): RoomArrival {
    const users = this.#rooms.get(room) ?? new EntriesByUser();
    this.#rooms.set(room, users);
    this.#roomsOf.add(entry.connectionId, room);
    return { isFirst: users.add(entry), isReturn: false };
  }

  left(entry: PresenceEntry, room: string): { readonly isLast: boolean } {
    this.#roomsOf.delete(entry.connectionId, room);
    const users = this.#rooms.get(room);
    if (!users) return { isLast: false };
    const isLast = users.remove(entry);
    if (users.userCount === 0) this.#rooms.delete(room);
    return { isLast };
  }

  isOnline(userId: string): boolean {
    return this.#online.has(userId);
  }

  onlineUsers({ limit = defaultPageSize, cursor }: PageRequest): UserPage {
    const sorted = (this.#sorted ??= [...this.#online.userIds()].sort());
    const start = cursor === undefined ? 0 : firstAfter(sorted, cursor);
    const users = sorted.slice(start, start + Math.min(Math.max(Math.trunc(limit), 1), maxPageSize));
    const last = users.at(-1);
    return last === undefined || last === sorted.at(-1) ? { users } : { users, cursor: last };
  }

  onlineUserCount(): number {
    return this.#online.userCount;
  }

  connectionsOf(userId: string): readonly PresenceEntry[] {
    return [...this.#online.entriesOf(userId)];
  }

  roomUsers(room: string): readonly RoomUser[] {
    const users = this.#rooms.get(room);
    return users ? Array.from(users.userIds(), (userId) => summary(userId, [...users.entriesOf(userId)])) : [];
  }

  close(): void {
    this.#online.clear();
    this.#reserved.clear();
    this.#rooms.clear();
    this.#roomsOf.clear();
    this.#sorted = undefined;
  }
}

function summary(userId: string, entries: readonly PresenceEntry[]): RoomUser {
  const devices = new Set(entries.map((entry) => entry.deviceId)).size;
  return { userId, devices, since: Math.min(...entries.map((entry) => entry.since)) };
}

/** Where the names after `cursor` begin; the cursor's own user may have gone. */
function firstAfter(sorted: readonly string[], cursor: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((sorted[middle] ?? '') <= cursor) low = middle + 1;
    else high = middle;
  }
  return low;
}
