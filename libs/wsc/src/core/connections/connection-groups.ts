import type { Connection } from './connection.js';
import type { Encoding } from '../ports/transport.js';

/** Connections in one array per encoding, so that a fan-out encodes once per class and walks arrays. Adding and removing is O(1). */
export class ConnectionGroups {
  readonly #groups = new Map<Encoding, Connection[]>();
  readonly #places = new Map<Connection, number>();

  get size(): number {
    return this.#places.size;
  }

  has(connection: Connection): boolean {
    return this.#places.has(connection);
  }

  /** In no promised order. */
  connections(): IterableIterator<Connection> {
    return this.#places.keys();
  }

  groups(): IterableIterator<[Encoding, readonly Connection[]]> {
    return this.#groups.entries();
  }

  /** Answers false when it was there. */
  add(connection: Connection): boolean {
    if (this.#places.has(connection)) return false;
    let group = this.#groups.get(connection.encoding);
    if (group === undefined) this.#groups.set(connection.encoding, (group = []));
    this.#places.set(connection, group.push(connection) - 1);
    return true;
  }

  /** Answers false when it was not there. */
  delete(connection: Connection): boolean {
    const place = this.#places.get(connection);
    const group = this.#groups.get(connection.encoding);
    if (place === undefined || group === undefined) return false;
    this.#places.delete(connection);
    const last = group.pop();
    // The last one takes the free place; order within a group is nobody's promise.
    if (last !== undefined && last !== connection) {
      group[place] = last;
      this.#places.set(last, place);
    }
    if (group.length === 0) this.#groups.delete(connection.encoding);
    return true;
  }
}
