import type { GetSnapshot } from './snapshots.js';

/** How the client is in a room: counted as a member, or only hearing it (PROTOCOL.md §4). */
export type RoomRole = 'member' | 'subscriber';

/** A room and how the client is in it. */
export interface RoomPlace {
  readonly room: string;
  readonly role: RoomRole;
}

/** A room that the program wants to be in. */
export interface Membership extends RoomPlace {
  /** Whether the server has said yes, so that it is joined again after a reconnect. */
  isConfirmed: boolean;
  /** Whether a join of the program has succeeded, so that another one that fails ends nothing. */
  hasJoined: boolean;
  /** Joins of the program that are under way. */
  joinCount: number;
  /** On which connection the server has said yes last. */
  enteredOn: number | undefined;
  getSnapshot: GetSnapshot | undefined;
}

/** The rooms that the program wants to be in; some in both ways. */
export class Memberships {
  readonly #byPlace = new Map<string, Membership>();

  get(place: RoomPlace): Membership | undefined {
    return this.#byPlace.get(keyOf(place));
  }

  add(membership: Membership): void {
    this.#byPlace.set(keyOf(membership), membership);
  }

  delete(place: RoomPlace): void {
    this.#byPlace.delete(keyOf(place));
  }

  clear(): void {
    this.#byPlace.clear();
  }

  /** A room left and joined again is another membership. */
  isCurrent(membership: Membership): boolean {
    return this.get(membership) === membership;
  }

  /** To the server, who is in a room both ways is a member. */
  of(room: string): Membership | undefined {
    return this.get({ room, role: 'member' }) ?? this.get({ room, role: 'subscriber' });
  }

  /** Those that the server has confirmed, one for each room. */
  confirmed(): readonly Membership[] {
    const byRoom = new Map<string, Membership>();
    for (const membership of this.#byPlace.values()) {
      const { room, role, isConfirmed } = membership;
      if (isConfirmed && (role === 'member' || !byRoom.has(room))) byRoom.set(room, membership);
    }
    return [...byRoom.values()];
  }
}

function keyOf({ room, role }: RoomPlace): string {
  return `${role} ${room}`;
}
