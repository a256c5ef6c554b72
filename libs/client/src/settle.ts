import type { Scheduler } from './scheduler.js';

/** A promise with its handles outside. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** The rejection of its promise may be ignored (see {@link forgivable}). */
export function createDeferred<T>(): Deferred<T> {
  let handles: Omit<Deferred<T>, 'promise'> | undefined;
  const promise = forgivable(
    new Promise<T>((resolve, reject) => {
      handles = { resolve, reject };
    }),
  );
  return {
    promise,
    resolve: (value) => handles?.resolve(value),
    reject: (error) => handles?.reject(error),
  };
}

/**
 * Lets a caller ignore a promise: what a server refuses must not end a Node process as an unhandled rejection.
 * Whoever awaits it still gets the error.
 */
export function forgivable<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

/** Calls somebody else's function; what it throws or rejects with goes to `onThrow` and nowhere else. */
export function callSafely(call: () => unknown, onThrow: (error: unknown) => void): void {
  try {
    const result = call();
    if (isThenable(result)) void result.then(undefined, onThrow);
  } catch (error) {
    onThrow(error);
  }
}

/** Whether it is a promise, of whatever make. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** What {@link withDeadline} waits for at most. */
export interface Deadline {
  readonly scheduler: Scheduler;
  /** `0` is no limit. */
  readonly timeoutMs: number;
  readonly error: () => Error;
}

/** Gives up waiting, not the work itself. */
export function withDeadline<T>(work: Promise<T>, { scheduler, timeoutMs, error }: Deadline): Promise<T> {
  if (timeoutMs === 0) return work;
  return new Promise((resolve, reject) => {
    const cancel = scheduler.after(timeoutMs, () => reject(error()));
    void work.then(resolve, reject).finally(cancel);
  });
}
