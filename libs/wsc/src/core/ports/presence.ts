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

/** What a connection's coming into a room means for its user. */
export interface RoomArrival {
  readonly isFirst: boolean;
  /** The user's last connection in the room left it on another node so recently that nobody was told yet. */
  readonly isReturn: boolean;
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

/** How many connections and devices a user may have; 0: any number. */
export interface PlaceLimits {
  readonly maxConnections: number;
  readonly maxDevices: number;
}

/** Whether there was a place, and what there was too much of. */
export type PlaceResult = { readonly ok: true } | { readonly ok: false; readonly exceeded: 'connections' | 'devices' };

/** The connections of a user that a dead node had. */
export interface ExpiredUser {
  readonly userId: string;
  /** Whether the user has no connection any more. */
  readonly isLast: boolean;
  /** The rooms that none of the user's connections is in any more. */
  readonly rooms: readonly string[];
}

/** Hears of users whose coming and going no call answers. None of these throws. */
export interface PresenceListener {
  /** Once in the cluster of each user whose connections have gone with a dead node. */
  expired(gone: ExpiredUser): void;
  /**
   * By a connection of this node, which stayed, the user is online again, and connected nowhere else: others took this node for dead
   * and have told that the user went, or `added` had failed and nobody was told yet.
   */
  returned(userId: string): void;
  /** The same of a room; `isReturn` as in {@link RoomArrival}. */
  returnedTo(room: string, userId: string, isReturn: boolean): void;
}

/**
 * Who is online and who is in which room, on all nodes. Promises: an entry is known by its connection id, so that a late
 * `removed` never erases a newer connection; `added` and `removed` tell whether the user came or went as a whole.
 * Who was told to be gone, or whose coming could not be told, is told as returned once the store knows of it; who was here all along
 * while the store lost its data is not.
 * Does not promise: that a killed node's entries are gone before they expire (30 s); that a user is told as returned once only, where
 * an answer of the store was lost; that anybody is where the store lost its data after others had taken the node for dead.
 */
export interface Presence {
  /** Called once, before anything else. */
  start(listener: PresenceListener): MaybePromise<void>;
  /**
   * Takes a place for a connection that is about to open. It counts against the limits with those of all nodes, at once and however
   * many come together, but it is not online.
   */
  reserve(entry: PresenceEntry, limits: PlaceLimits): MaybePromise<PlaceResult>;
  /** Gives the place back of a connection that did not come to be `added`; does nothing after `added`. */
  release(entry: PresenceEntry): MaybePromise<void>;
  /** Answers whether this is the user's only connection now. */
  added(entry: PresenceEntry): MaybePromise<{ readonly isFirst: boolean }>;
  /** Answers whether the user has no connection any more; `false` when the entry was not known. Leaves its rooms too. */
  removed(entry: PresenceEntry): MaybePromise<{ readonly isLast: boolean }>;
  /** Answers whether this is the user's only connection in the room now, and whether the user has been away for less than the grace. */
  joined(entry: PresenceEntry, room: string): MaybePromise<RoomArrival>;
  /**
   * Answers whether it was the user's last connection in the room.
   * @param wasTold `false`: the room was not told yet that the user had come, so whoever comes back does not return. @default true
   */
  left(entry: PresenceEntry, room: string, wasTold?: boolean): MaybePromise<{ readonly isLast: boolean }>;
  isOnline(userId: string): MaybePromise<boolean>;
  onlineUsers(page: PageRequest): MaybePromise<UserPage>;
  onlineUserCount(): MaybePromise<number>;
  connectionsOf(userId: string): MaybePromise<readonly PresenceEntry[]>;
  roomUsers(room: string): MaybePromise<readonly RoomUser[]>;
  /** Ends it; called once. */
  close(): MaybePromise<void>;
}
