/** A copy without the first occurrence of `item`, so that what was added twice stays once. */
export function without<T>(items: readonly T[], item: T): readonly T[] {
  const index = items.indexOf(item);
  return index < 0 ? items : items.toSpliced(index, 1);
}
