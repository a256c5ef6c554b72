import type { PresenceEntry } from '../../../core/ports/presence.js';

/** What one connection has told. */
interface Own {
  readonly entry: PresenceEntry;
  isOnline: boolean;
  /** Room → when it was joined; most connections are in none. */
  rooms: Map<string, number> | undefined;
  /** Of which facts somebody may have heard otherwise, by room; mostly of none. */
  doubts: Map<string | undefined, Doubt> | undefined;
}

/** One thing that this node has told: that a connection is online, or in a room. */
export interface OwnFact {
  readonly entry: PresenceEntry;
  readonly room?: string | undefined;
}

/** Why others may not know a fact: the change failed, so that nobody was told; or they took this node for dead, and may have told its end. */
export type Doubt = 'unheard' | 'denied';

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
    own.doubts?.delete(room);
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
      if (isOnline) yield { entry };
      for (const [room, since] of rooms ?? []) yield { entry: { ...entry, since }, room };
    }
  }

  /** The change failed. */
  unheard({ entry: { connectionId }, room }: OwnFact): void {
    const own = this.#own.get(connectionId);
    if (own === undefined || !this.#holds(own, room)) return;
    (own.doubts ??= new Map<string | undefined, Doubt>()).set(room, 'unheard');
  }

  /** Others took this node for dead: they may have told the end of everything that they had heard of. */
  deny(): void {
    for (const own of this.#own.values()) {
      const doubts = (own.doubts ??= new Map<string | undefined, Doubt>());
      const rooms = own.rooms?.keys() ?? [];
      for (const room of own.isOnline ? [undefined, ...rooms] : rooms) {
        if (!doubts.has(room)) doubts.set(room, 'denied');
      }
    }
  }

  /** Redis knows the fact now: answers the doubt that there was, once. */
  settle({ entry: { connectionId }, room }: OwnFact): Doubt | undefined {
    const own = this.#own.get(connectionId);
    const doubt = own?.doubts?.get(room);
    if (own?.doubts?.delete(room) === true && own.doubts.size === 0) own.doubts = undefined;
    return doubt;
  }

  clear(): void {
    this.#own.clear();
    this.#counts.fill(0);
  }

  #of(entry: PresenceEntry): Own {
    let own = this.#own.get(entry.connectionId);
    if (own === undefined) {
      own = { entry, isOnline: false, rooms: undefined, doubts: undefined };
      this.#own.set(entry.connectionId, own);
    }
    return own;
  }

  #holds({ isOnline, rooms }: Own, room: string | undefined): boolean {
    return room === undefined ? isOnline : rooms?.has(room) === true;
  }

  #count(name: string, change: number): void {
    const partition = this.#partitionOf(name);
    this.#counts[partition] = this.countIn(partition) + change;
  }
}
