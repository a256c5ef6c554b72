import type { MaybePromise } from '../async/maybe-promise.js';

/**
 * One layer of an onion. `next` runs everything further in and answers its result; a middleware that doesn't call it answers
 * instead of it. A throw refuses.
 */
export type Middleware<C> = (context: C, next: () => Promise<unknown>) => MaybePromise<unknown>;

/** Runs all layers around `last`. */
export type ComposedMiddleware<C> = (context: C, last: () => MaybePromise<unknown>) => MaybePromise<unknown>;

/**
 * Puts middleware around each other, the first outermost. An empty list calls `last` directly and makes no promise.
 * A middleware that calls `next` twice is refused by an error that says so.
 */
export function composeMiddleware<C>(list: readonly Middleware<C>[]): ComposedMiddleware<C> {
  // Innermost first, so that each layer is bound to what it wraps once, not at each message.
  return list.reduceRight<ComposedMiddleware<C>>(
    (inner, middleware) => (context, last) =>
      middleware(
        context,
        once(() => inner(context, last)),
      ),
    (_context, last) => last(),
  );
}

function once(run: () => MaybePromise<unknown>): () => Promise<unknown> {
  let isCalled = false;
  return () => {
    if (isCalled) return Promise.reject(new Error('A middleware called next() more than once.'));
    isCalled = true;
    const running = settle(run);
    // A middleware may forget to await it. The error is still its to hear, but must not end the process.
    running.catch(() => undefined);
    return running;
  };
}

async function settle(run: () => MaybePromise<unknown>): Promise<unknown> {
  return run();
}
