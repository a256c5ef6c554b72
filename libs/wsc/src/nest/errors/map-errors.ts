import { isPromiseLike, type MaybePromise } from '../../core/async/maybe-promise.js';
import { mapException } from './map-exception.js';
import { mapRefusal } from './map-refusal.js';

/** The same function, except that Nest's exceptions come out of it as `WscError`. Synchronous where it is. */
export function mapErrors<A extends readonly unknown[], T>(call: Call<A, T>): Call<A, T> {
  return translate(call, rethrow);
}

/** The same function, except that Nest's exceptions come out of it as `HandshakeRefusal`. */
export function mapRefusals<A extends readonly unknown[], T>(call: Call<A, T>): Call<A, T> {
  return translate(call, (exception) => {
    throw mapRefusal(exception);
  });
}

/** @throws {WscError} what the peer is told, or the exception itself where the peer must not see it. */
export function rethrow(exception: unknown): never {
  throw mapException(exception) ?? exception;
}

type Call<A extends readonly unknown[], T> = (...args: A) => MaybePromise<T>;

function translate<A extends readonly unknown[], T>(call: Call<A, T>, fail: (exception: unknown) => never): Call<A, T> {
  return (...args) => {
    try {
      const result = call(...args);
      return isPromiseLike(result) ? Promise.resolve(result).catch(fail) : result;
    } catch (exception) {
      return fail(exception);
    }
  };
}
