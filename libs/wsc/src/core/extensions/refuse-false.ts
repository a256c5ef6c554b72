import { isPromiseLike } from '../async/maybe-promise.js';

/**
 * Takes a callback's `false`, now or later, for a no.
 * @throws what `refusal` makes.
 */
export function refuseFalse(verdict: unknown, refusal: () => Error): unknown {
  if (isPromiseLike(verdict)) return verdict.then((settled) => refuseFalse(settled, refusal));
  if (verdict === false) throw refusal();
  return verdict;
}
