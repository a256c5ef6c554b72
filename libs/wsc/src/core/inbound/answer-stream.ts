import { asError } from '../async/as-error.js';

/** A result that gives several values over time, whoever made it (RxJS, a generator). */
export type AnswerSource =
  | { readonly kind: 'subscribable'; readonly source: Subscribable }
  | { readonly kind: 'iterable'; readonly source: AsyncIterable<unknown> };

interface Subscribable {
  subscribe(observer: { next(value: unknown): void; error(error: unknown): void; complete(): void }): unknown;
}

/** Whether `result` gives several values: it has `subscribe` (an Observable) or is an async iterable. */
export function answerSourceOf(result: unknown): AnswerSource | undefined {
  if (typeof result !== 'object' || result === null) return undefined;
  if (isSubscribable(result)) return { kind: 'subscribable', source: result };
  if (isAsyncIterable(result)) return { kind: 'iterable', source: result };
  return undefined;
}

/** Takes the values of `answers` one after the other. Settles when there are no more, when `signal` aborts, or fails as they fail. */
export async function forEachAnswer(
  answers: AnswerSource,
  signal: AbortSignal,
  onValue: (value: unknown) => void,
): Promise<void> {
  // The handler may have taken longer than its client stayed; then nobody would end what begins now.
  if (signal.aborted) return;
  if (answers.kind === 'subscribable') await subscribeTo(answers.source, signal, onValue);
  else await iterate(answers.source, signal, onValue);
}

async function iterate(
  source: AsyncIterable<unknown>,
  signal: AbortSignal,
  onValue: (value: unknown) => void,
): Promise<void> {
  const iterator = source[Symbol.asyncIterator]();
  let stopWaiting: (() => void) | undefined;
  const onAbort = (): void => stopWaiting?.();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    while (!signal.aborted) {
      // Not a race against one promise of the abort: that would keep every value until the end (nodejs/node#17469).
      const next = await new Promise<IteratorResult<unknown> | undefined>((resolve, reject) => {
        stopWaiting = () => resolve(undefined);
        Promise.resolve(iterator.next()).then(resolve, reject);
      });
      if (next === undefined || next.done === true) return;
      onValue(next.value);
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited: a generator that hangs in its own await must not keep the request open.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

function subscribeTo(source: Subscribable, signal: AbortSignal, onValue: (value: unknown) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const state: { isDone: boolean; subscription?: unknown } = { isDone: false };
    const end = (settle: () => void): void => {
      if (state.isDone) return;
      state.isDone = true;
      signal.removeEventListener('abort', onAbort);
      // A teardown may throw; in a listener or an observer that would end the process.
      try {
        unsubscribe(state.subscription);
        settle();
      } catch (error) {
        reject(asError(error));
      }
    };
    const onAbort = (): void => end(resolve);
    signal.addEventListener('abort', onAbort, { once: true });
    state.subscription = source.subscribe({
      next: (value) => {
        if (state.isDone) return;
        // A throw in here would be thrown again on a timer by RxJS, and end the process.
        try {
          onValue(value);
        } catch (error) {
          end(() => reject(asError(error)));
        }
      },
      error: (error) => end(() => reject(asError(error))),
      complete: () => end(resolve),
    });
    // It may have ended while `subscribe` ran, before there was a subscription.
    if (state.isDone) unsubscribe(state.subscription);
  });
}

function unsubscribe(subscription: unknown): void {
  if (isSubscription(subscription)) subscription.unsubscribe();
}

function isSubscription(value: unknown): value is { unsubscribe(): unknown } {
  return (
    typeof value === 'object' && value !== null && 'unsubscribe' in value && typeof value.unsubscribe === 'function'
  );
}

function isSubscribable(value: object): value is Subscribable {
  return 'subscribe' in value && typeof value.subscribe === 'function';
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}
