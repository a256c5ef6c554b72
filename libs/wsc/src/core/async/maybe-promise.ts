/** A value now or later. Hot paths stay synchronous where every part of them is. */
export type MaybePromise<T> = T | Promise<T>;

/** Whether `value` must be awaited. */
export function isPromiseLike<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

/** Goes on with `next` once `value` is there: at once where it is. Waits for what others take for a promise, too. */
export function whenReady<T, U>(value: T | PromiseLike<T>, next: (value: T) => MaybePromise<U>): MaybePromise<U> {
  return isPromiseLike(value) ? new Promise<T>((resolve) => resolve(value)).then(next) : next(value);
}

/**
 * Marks a promise as looked after: whoever awaits it still sees its failure, but one that nobody awaits doesn't end the process.
 */
export function neverUnhandled<T>(promise: Promise<T>, onFailure: (error: unknown) => void): Promise<T> {
  promise.catch(onFailure);
  return promise;
}
