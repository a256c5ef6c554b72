import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises';

/** How long to look, and how often. */
export interface Patience {
  /** @default 5000 */
  readonly patienceMs?: number;
  /** The pause between two looks, for what takes long and would have to share the processor with the looking. @default 0 */
  readonly everyMs?: number;
}

/** Looks until what it sees is as expected, for something that happens in another process. */
export async function until<T>(
  look: () => T | Promise<T>,
  isExpected: (seen: T) => boolean,
  { patienceMs = 5_000, everyMs = 0 }: Patience = {},
): Promise<T> {
  const startedAt = performance.now();
  let seen = await look();
  while (!isExpected(seen)) {
    if (performance.now() - startedAt > patienceMs) throw new Error(`It stays at ${JSON.stringify(seen)}`);
    await (everyMs > 0 ? pause(everyMs) : nextTurn());
    seen = await look();
  }
  return seen;
}
