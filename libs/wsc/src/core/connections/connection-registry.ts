import { Audience } from './audience.js';
import type { Connection } from './connection.js';

const nobody: ReadonlySet<Connection> = new Set();

/** The connections of this node: by id, by user, and all of them as one audience. */
export class ConnectionRegistry {
  readonly everyone = new Audience();
  readonly #byId = new Map<string, Connection>();
  readonly #byUser = new Map<string, Set<Connection>>();

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
  ofUser(userId: string): ReadonlySet<Connection> {
    return this.#byUser.get(userId) ?? nobody;
  }

  add(connection: Connection): void {
    this.#byId.set(connection.id, connection);
    this.everyone.add(connection);
    if (connection.userId === undefined) return;
    const ofUser = this.#byUser.get(connection.userId);
    if (ofUser === undefined) this.#byUser.set(connection.userId, new Set([connection]));
    else ofUser.add(connection);
  }

  /** Answers false when it was not there. */
  delete(connection: Connection): boolean {
    if (!this.#byId.delete(connection.id)) return false;
    this.everyone.delete(connection);
    if (connection.userId === undefined) return true;
    const ofUser = this.#byUser.get(connection.userId);
    ofUser?.delete(connection);
    if (ofUser?.size === 0) this.#byUser.delete(connection.userId);
    return true;
  }
}
