import type { MaybePromise } from '../../core/async/maybe-promise.js';

/** Shorter than a test may take with any runner, so that it fails by this and not by being hung. */
const patienceMs = 4_000;

/** Waits for what happens in another process, or in a store. */
export async function eventually(what: string, isTrue: () => MaybePromise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await isTrue())) {
    if (performance.now() - startedAt > patienceMs) throw new Error(`It is never true that ${what}.`);
    await new Promise(setImmediate);
  }
}
