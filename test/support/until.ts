import { setImmediate as nextTurn } from 'node:timers/promises';

const patienceMs = 5_000;

/** Looks until what it sees is as expected, for something that happens in another process. */
export async function until<T>(look: () => T | Promise<T>, isExpected: (seen: T) => boolean): Promise<T> {
  const startedAt = performance.now();
  let seen = await look();
  while (!isExpected(seen)) {
    if (performance.now() - startedAt > patienceMs) throw new Error(`It stays at ${JSON.stringify(seen)}`);
    await nextTurn();
    seen = await look();
  }
  return seen;
}
