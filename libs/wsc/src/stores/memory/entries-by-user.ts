import type { PresenceEntry } from '../../core/ports/presence.js';

/** Connections by user; an entry is known by its connection id. Holds no user without a connection. */
export class EntriesByUser {
  readonly #users = new Map<string, Map<string, PresenceEntry>>();

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
    return this.#users.get(userId)?.values() ?? [];
  }

  /** Answers whether it is the user's only one now. An entry that is there already stays as it is. */
  add(entry: PresenceEntry): boolean {
    const entries = this.#users.get(entry.userId);
    if (!entries) {
      this.#users.set(entry.userId, new Map([[entry.connectionId, entry]]));
      return true;
    }
    if (!entries.has(entry.connectionId)) entries.set(entry.connectionId, entry);
    return entries.size === 1;
  }

  /** Answers whether it was the user's last one. */
  remove(entry: PresenceEntry): boolean {
    const entries = this.#users.get(entry.userId);
    if (!entries?.delete(entry.connectionId) || entries.size > 0) return false;
    return this.#users.delete(entry.userId);
  }

  clear(): void {
    this.#users.clear();
  }
}
