import type { PresenceEntry } from '../../core/ports/presence.js';

/** The connections of one user by their ids; most users have one, which needs no `Map` of 180 bytes. */
type Entries = PresenceEntry | Map<string, PresenceEntry>;

/** Connections by user; an entry is known by its connection id. Holds no user without a connection. */
export class EntriesByUser {
  readonly #users = new Map<string, Entries>();

  get userCount(): number {
    return this.#users.size;
  }

  has(userId: string): boolean {
    return this.#users.has(userId);
  }

  userIds(): IterableIterator<string> {
    return this.#users.keys();
  }

  entriesOf(userId: string): Iterable<PresenceEntry> {
    const entries = this.#users.get(userId);
    if (entries === undefined) return [];
    return entries instanceof Map ? entries.values() : [entries];
  }

  /** Answers whether it is the user's only one now. An entry that is there already stays as it is. */
  add(entry: PresenceEntry): boolean {
    const { userId, connectionId } = entry;
    const known = this.#users.get(userId);
    if (known === undefined) {
      this.#users.set(userId, entry);
      return true;
    }
    const entries = known instanceof Map ? known : new Map([[known.connectionId, known]]);
    if (!entries.has(connectionId)) entries.set(connectionId, entry);
    if (entries.size > 1) this.#users.set(userId, entries);
    return entries.size === 1;
  }

  /** Answers whether it was the user's last one. */
  remove({ userId, connectionId }: PresenceEntry): boolean {
    const entries = this.#users.get(userId);
    if (entries instanceof Map) {
      if (!entries.delete(connectionId) || entries.size > 0) return false;
    } else if (entries?.connectionId !== connectionId) {
      return false;
    }
    return this.#users.delete(userId);
  }

  clear(): void {
    this.#users.clear();
  }
}
