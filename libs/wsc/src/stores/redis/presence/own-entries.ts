import type { PresenceEntry } from '../../../core/ports/presence.js';

/** What one connection has told. */
interface Own {
  readonly entry: PresenceEntry;
  isOnline: boolean;
  /** Room → when it was joined; most connections are in none. */
  rooms: Map<string, number> | undefined;
}

/** One thing that this node has told. */
export type OwnFact =
  | { readonly kind: 'user'; readonly entry: PresenceEntry }
  | { readonly kind: 'room'; readonly entry: PresenceEntry; readonly room: string };

/**
 * What this node has told of its connections: the truth, wherever Redis has lost or kept something else. As large as the connections of
 * the node and the rooms that they are in, which have limits of their own.
 */
export class OwnEntries {
  readonly #partitionOf: (name: string) => number;
  readonly #own = new Map<string, Own>();
  /** By partition: of how many facts it holds the keys. */
  readonly #counts: number[];

  constructor(options: { readonly partitionCount: number; readonly partitionOf: (name: string) => number }) {
    this.#partitionOf = options.partitionOf;
    this.#counts = new Array<number>(options.partitionCount).fill(0);
  }

  add(entry: PresenceEntry): void {
    const own = this.#of(entry);
    if (own.isOnline) return;
    own.isOnline = true;
    this.#count(entry.userId, 1);
  }

  /** Answers the rooms that the connection was in. */
  remove({ connectionId }: PresenceEntry): readonly string[] {
    const own = this.#own.get(connectionId);
    if (own === undefined) return [];
    this.#own.delete(connectionId);
    if (own.isOnline) this.#count(own.entry.userId, -1);
    const rooms = own.rooms === undefined ? [] : [...own.rooms.keys()];
    for (const room of rooms) this.#count(room, -1);
    return rooms;
  }

  /** Answers the entry as it is to be told: one who is in the room already joined it then. */
  join(entry: PresenceEntry, room: string): PresenceEntry {
    const own = this.#of(entry);
    const rooms = (own.rooms ??= new Map<string, number>());
    const since = rooms.get(room);
    if (since !== undefined) return { ...entry, since };
    rooms.set(room, entry.since);
    this.#count(room, 1);
    return entry;
  }

  leave({ connectionId }: PresenceEntry, room: string): void {
    const own = this.#own.get(connectionId);
    if (own?.rooms?.delete(room) !== true) return;
    this.#count(room, -1);
    if (own.rooms.size === 0) own.rooms = undefined;
    if (!own.isOnline && own.rooms === undefined) this.#own.delete(connectionId);
  }

  isOnline(connectionId: string): boolean {
    return this.#own.get(connectionId)?.isOnline === true;
  }

  isIn(connectionId: string, room: string): boolean {
    return this.#own.get(connectionId)?.rooms?.has(room) === true;
  }

  /** How many facts have their keys in this partition. */
  countIn(partition: number): number {
    return this.#counts[partition] ?? 0;
  }

  /** Everything, as it is when it is looked at: what goes meanwhile does not come, what comes may. */
  *facts(): IterableIterator<OwnFact> {
    for (const { entry, isOnline, rooms } of this.#own.values()) {
      if (isOnline) yield { kind: 'user', entry };
      for (const [room, since] of rooms ?? []) yield { kind: 'room', entry: { ...entry, since }, room };
    }
  }

  clear(): void {
    this.#own.clear();
    this.#counts.fill(0);
  }

  #of(entry: PresenceEntry): Own {
    let own = this.#own.get(entry.connectionId);
    if (own === undefined) {
      own = { entry, isOnline: false, rooms: undefined };
      this.#own.set(entry.connectionId, own);
    }
    return own;
  }

  #count(name: string, change: number): void {
    const partition = this.#partitionOf(name);
    this.#counts[partition] = this.countIn(partition) + change;
  }
}
