import { MultiMap } from '../collections/multi-map.js';
import { ConnectionGroups } from './connection-groups.js';
import type { Connection } from './connection.js';

/** The connections of this node: by id, by user, and all of them as one audience. */
export class ConnectionRegistry {
  readonly everyone = new ConnectionGroups();
  readonly #byId = new Map<string, Connection>();
  readonly #byUser = new MultiMap<string, Connection>();

  get size(): number {
    return this.#byId.size;
  }

  get userCount(): number {
    return this.#byUser.size;
  }

  get(connectionId: string): Connection | undefined {
    return this.#byId.get(connectionId);
  }

  all(): IterableIterator<Connection> {
    return this.#byId.values();
  }

  /** Oldest first. */
  ofUser(userId: string): Iterable<Connection> {
    return this.#byUser.of(userId);
  }

  countOfUser(userId: string): number {
    return this.#byUser.countOf(userId);
  }

  add(connection: Connection): void {
    this.#byId.set(connection.id, connection);
    this.everyone.add(connection);
    if (connection.userId !== undefined) this.#byUser.add(connection.userId, connection);
  }

  /** Answers false when it was not there. */
  delete(connection: Connection): boolean {
    if (!this.#byId.delete(connection.id)) return false;
    this.everyone.delete(connection);
    if (connection.userId !== undefined) this.#byUser.delete(connection.userId, connection);
    return true;
  }
}
