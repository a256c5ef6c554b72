/**
 * A set that seldom holds more than one item: the item itself, a `Set` only from the second on. What every idle connection has would
 * cost 150 bytes more each as a `Set`. Items are in the order in which they came, and are no `Set`s themselves.
 */
export type OneOrMany<T extends object | string> = T | Set<T>;

/** The set with `item` in it; one that is a `Set` already is changed. */
export function withItem<T extends object | string>(items: OneOrMany<T> | undefined, item: T): OneOrMany<T> {
  if (items === undefined || items === item) return item;
  return items instanceof Set ? items.add(item) : new Set([items, item]);
}

/** The set without `item`, undefined once it is empty; one that is a `Set` is changed. */
export function withoutItem<T extends object | string>(
  items: OneOrMany<T> | undefined,
  item: T,
): OneOrMany<T> | undefined {
  if (!(items instanceof Set)) return items === item ? undefined : items;
  items.delete(item);
  return items.size === 0 ? undefined : items;
}

/** Whether `item` is in the set. */
export function hasItem<T extends object | string>(items: OneOrMany<T> | undefined, item: T): boolean {
  return items instanceof Set ? items.has(item) : items === item;
}

/** How many there are. */
export function countOf(items: OneOrMany<object | string> | undefined): number {
  if (items === undefined) return 0;
  return items instanceof Set ? items.size : 1;
}

/** All of them. Not a copy, where it is a `Set`. */
export function itemsOf<T extends object | string>(items: OneOrMany<T> | undefined): Iterable<T> {
  if (items === undefined) return [];
  return items instanceof Set ? items : [items];
}
