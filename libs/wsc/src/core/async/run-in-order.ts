import { isPromiseLike, type MaybePromise } from './maybe-promise.js';

/**
 * Calls `call` with each item, the next one only when the last has settled; the first error stops the rest.
 * Synchronous as long as every call is, so that a hot path without asynchronous callbacks makes no promise.
 */
export function runInOrder<T>(items: readonly T[], call: (item: T) => unknown): MaybePromise<void> {
  let called = 0;
  for (const item of items) {
    const result = call(item);
    called += 1;
    if (isPromiseLike(result)) return finish(result, items.slice(called), call);
  }
}

async function finish<T>(pending: PromiseLike<unknown>, rest: readonly T[], call: (item: T) => unknown): Promise<void> {
  await pending;
  for (const item of rest) await call(item);
}
