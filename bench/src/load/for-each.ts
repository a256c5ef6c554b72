/** Does `work` for all `items`, begun in their order, so many at a time. @throws {Error} what one of them throws. */
export async function forEach<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const remaining = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of remaining) await work(item, index);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
}
