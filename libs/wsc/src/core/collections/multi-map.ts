import { countOf, itemsOf, withItem, withoutItem, type OneOrMany } from './one-or-many.js';

/** Sets of values by key, each mostly of one. Holds no key without a value. */
export class MultiMap<K, V extends object | string> {
  readonly #sets = new Map<K, OneOrMany<V>>();

  /** How many keys there are. */
  get size(): number {
    return this.#sets.size;
  }

  keys(): IterableIterator<K> {
    return this.#sets.keys();
  }

  /** The values of a key in the order in which they came. Not a copy. */
  of(key: K): Iterable<V> {
    return itemsOf(this.#sets.get(key));
  }

  countOf(key: K): number {
    return countOf(this.#sets.get(key));
  }

  add(key: K, value: V): void {
    this.#sets.set(key, withItem(this.#sets.get(key), value));
  }

  /** Harmless when it is not there. */
  delete(key: K, value: V): void {
    const rest = withoutItem(this.#sets.get(key), value);
    if (rest === undefined) this.#sets.delete(key);
    else this.#sets.set(key, rest);
  }

  clear(): void {
    this.#sets.clear();
  }
}
