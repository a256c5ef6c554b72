import type { MaybePromise } from '../async/maybe-promise.js';

/** One connection of a user, as every node knows it. */
export interface PresenceEntry {
  readonly connectionId: string;
  readonly userId: string;
  readonly deviceId: string;
  readonly nodeId: string;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** A user who is in a room. */
export interface RoomUser {
  readonly userId: string;
  /** How many of the user's devices are in the room. */
  readonly devices: number;
  /** When the first of them joined; milliseconds since 1970. */
  readonly since: number;
}

/** A page of users in a stable order. */
export interface UserPage {
  readonly users: readonly string[];
  /** Pass it to get the next page; absent on the last. */
  readonly cursor?: string;
}

/** Which page of users. */
export interface PageRequest {
  /** @default 100, at most 1000 */
  readonly limit?: number;
  readonly cursor?: string;
}

/**
 * Who is online and who is in which room, on all nodes. Promises: an entry is known by its connection id, so that a late
 * `removed` never erases a newer connection; `added` and `removed` tell whether the user came or went as a whole.
 * Does not promise: that a killed node's entries are gone before they expire (30 s).
 */
export interface Presence {
  /** Answers whether this is the user's only connection now. */
  added(entry: PresenceEntry): MaybePromise<{ readonly isFirst: boolean }>;
  /** Answers whether the user has no connection any more; `false` when the entry was not known. Leaves its rooms too. */
  removed(entry: PresenceEntry): MaybePromise<{ readonly isLast: boolean }>;
  /** Answers whether this is the user's only connection in the room now. */
  joined(entry: PresenceEntry, room: string): MaybePromise<{ readonly isFirst: boolean }>;
  left(entry: PresenceEntry, room: string): MaybePromise<{ readonly isLast: boolean }>;
  isOnline(userId: string): MaybePromise<boolean>;
  onlineUsers(page: PageRequest): MaybePromise<UserPage>;
  onlineUserCount(): MaybePromise<number>;
  connectionsOf(userId: string): MaybePromise<readonly PresenceEntry[]>;
  roomUsers(room: string): MaybePromise<readonly RoomUser[]>;
  /** Ends it; called once. */
  close(): MaybePromise<void>;
}
