import { isPromiseLike, type MaybePromise } from '../async/maybe-promise.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { DepartedUser } from '../ports/cluster.js';

/** `data` of a `user_status` message, as it stands on the wire (PROTOCOL.md §4). */
export interface UserStatusData {
  readonly user_id: string;
  readonly status: 'online' | 'offline';
  /** Milliseconds since 1970; with `offline` only. */
  readonly last_seen?: number;
}

/** What {@link UserStatus} works with. */
export interface UserStatusOptions {
  readonly clock: Clock;
  /** Before a user who went offline is announced so. */
  readonly graceMs: () => number;
  /** A member hears about one user once in so long. @default 1000 */
  readonly coalesceMs?: number;
  /** Announcements that wait at the same time, one for each user and room; those over it are left out and counted. @default 100_000 */
  readonly maxPending?: number;
  /** Whether the user has a connection, on any node. May reject, must not throw. */
  isOnline(userId: string): MaybePromise<boolean>;
  /** Sends to the members of a room. Must not throw. */
  send(room: string, data: UserStatusData): void;
}

/** What a room will be told about a user, unless it changes before. */
interface Announcement {
  /** Whether the members were told "online" and not yet otherwise. */
  readonly wasToldOnline: boolean;
  readonly next: 'online' | 'offline' | 'nothing';
  /** On the monotonic scale. */
  readonly dueAt: number;
  readonly lastSeen: number;
}

/**
 * Tells the members of presence rooms who came and who is gone. Promises: the last state wins; what cancels itself out
 * is not told, so neither a reload nor a short loss of the network is; nothing is kept about a user whose state is told.
 * Does not promise: that each change is told. The `presence` request answers what is true.
 */
export class UserStatus {
  readonly #options: UserStatusOptions;
  readonly #coalesceMs: number;
  readonly #maxPending: number;
  /** User → room → what waits. */
  readonly #pending = new Map<string, Map<string, Announcement>>();
  #pendingCount = 0;
  #droppedCount = 0;
  #timer: Timer | undefined;
  #isClosed = false;

  constructor(options: UserStatusOptions) {
    this.#options = options;
    this.#coalesceMs = options.coalesceMs ?? 1_000;
    this.#maxPending = options.maxPending ?? 100_000;
  }

  /** Announcements left out because too many waited. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Announcements that wait. */
  get pendingCount(): number {
    return this.#pendingCount;
  }

  /**
   * The user's first connection came into a presence room.
   * @param isReturn the members of the room have not been told yet that the user had left it on another node.
   */
  joinedRoom(userId: string, room: string, isReturn = false): void {
    if (isReturn || this.#find(userId, room)?.wasToldOnline) this.#remove(userId, room);
    else this.#put(userId, room, { wasToldOnline: false, next: 'online', dueAt: 0, lastSeen: 0 });
  }

  /** Whether the user came into the room so recently that its members were not told yet. */
  isUntold(userId: string, room: string): boolean {
    return this.#find(userId, room)?.wasToldOnline === false;
  }

  /** The user's last connection left a presence room; the members hear of it only if the user goes offline too. */
  leftRoom(userId: string, room: string): void {
    if (this.#find(userId, room)?.next !== 'offline') this.#settle(userId, room, 'nothing');
  }

  /** The user's last connection is gone. `rooms`: the presence rooms that it was in, whether `leftRoom` is told before, after or not. */
  wentOffline(userId: string, rooms: readonly string[]): void {
    for (const room of rooms) this.#settle(userId, room, 'offline');
  }

  /** Those who are to be announced offline, with the rooms. */
  departed(): readonly DepartedUser[] {
    return [...this.#pending].flatMap(([userId, rooms]) => {
      const leaving = [...rooms].filter(([, { next }]) => next === 'offline');
      const [first] = leaving;
      if (first === undefined) return [];
      return [{ userId, rooms: leaving.map(([room]) => room), lastSeen: first[1].lastSeen }];
    });
  }

  /** Announces for a node that is closing who of these is not back in time. Answers whether it will. */
  takeOver(users: readonly DepartedUser[], withinMs: number): boolean {
    if (this.#isClosed) return false;
    const dueAt = this.#options.clock.monotonic() + withinMs;
    for (const { userId, rooms, lastSeen } of users) {
      for (const room of rooms) {
        if (this.#find(userId, room) !== undefined) continue;
        this.#put(userId, room, { wasToldOnline: true, next: 'offline', dueAt, lastSeen });
      }
    }
    return true;
  }

  /** The user is back, whichever rooms are joined again. */
  cameOnline(userId: string): void {
    for (const [room, { next }] of this.#pending.get(userId) ?? []) {
      if (next === 'offline') this.#settle(userId, room, 'nothing');
    }
  }

  /** Forgets what waits. */
  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    this.#pending.clear();
    this.#pendingCount = 0;
  }

  /** Nobody needs to hear of the end of what was not told; what was told is remembered for the grace time. */
  #settle(userId: string, room: string, next: 'offline' | 'nothing'): void {
    const wasToldOnline = this.#find(userId, room)?.wasToldOnline ?? true;
    const { clock, graceMs } = this.#options;
    const dueAt = clock.monotonic() + (wasToldOnline ? graceMs() : 0);
    this.#put(userId, room, { wasToldOnline, next: wasToldOnline ? next : 'nothing', dueAt, lastSeen: clock.now() });
  }

  #find(userId: string, room: string): Announcement | undefined {
    return this.#pending.get(userId)?.get(room);
  }

  #put(userId: string, room: string, announcement: Announcement): void {
    if (this.#isClosed) return;
    if (!this.#find(userId, room)) {
      if (this.#pendingCount >= this.#maxPending) {
        this.#droppedCount += 1;
        return;
      }
      this.#pendingCount += 1;
    }
    const rooms = this.#pending.get(userId) ?? new Map<string, Announcement>();
    this.#pending.set(userId, rooms.set(room, announcement));
    this.#timer ??= this.#options.clock.after(this.#coalesceMs, this.#flush);
  }

  #remove(userId: string, room: string): void {
    const rooms = this.#pending.get(userId);
    if (!rooms?.delete(room)) return;
    this.#pendingCount -= 1;
    if (rooms.size === 0) this.#pending.delete(userId);
  }

  /** One look per `coalesceMs` at everything that waits, which is bounded. */
  readonly #flush = (): void => {
    this.#timer = undefined;
    const now = this.#options.clock.monotonic();
    for (const [userId, rooms] of [...this.#pending]) {
      for (const [room, announcement] of [...rooms]) {
        if (announcement.dueAt > now) continue;
        this.#remove(userId, room);
        this.#announce(userId, room, announcement);
      }
    }
    if (this.#pendingCount > 0) this.#timer ??= this.#options.clock.after(this.#coalesceMs, this.#flush);
  };

  #announce(userId: string, room: string, { next, lastSeen }: Announcement): void {
    if (next === 'online') this.#options.send(room, { user_id: userId, status: 'online' });
    if (next === 'offline') this.#announceOffline(userId, room, lastSeen);
  }

  /** Unless the user is back on another node, whose members will not hear of it either. */
  #announceOffline(userId: string, room: string, lastSeen: number): void {
    const tell = (isOnline: boolean): void => {
      if (!isOnline) this.#options.send(room, { user_id: userId, status: 'offline', last_seen: lastSeen });
    };
    const isOnline = this.#options.isOnline(userId);
    // Who can't be asked about is not announced: nobody is told offline who may not be.
    if (isPromiseLike(isOnline)) isOnline.then(tell, () => undefined);
    else tell(isOnline);
  }
}
