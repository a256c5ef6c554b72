import { catchError, from, isObservable } from 'rxjs';

/** Whether a handler's result gives several answers. */
export function isStream(result: unknown): result is object {
  return typeof result === 'object' && result !== null && (isObservable(result) || isAsyncIterable(result));
}

/** Lets errors inside a stream of answers go the same way as a handler's own. Anything else comes back as it is. */
export function withErrorsMapped(result: unknown, answer: (exception: unknown) => Promise<unknown>): unknown {
  if (isObservable(result)) return result.pipe(catchError((exception: unknown) => from(answer(exception))));
  if (isAsyncIterable(result)) return mapIterable(result, answer);
  return result;
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value;
}

async function* mapIterable(
  source: AsyncIterable<unknown>,
  answer: (exception: unknown) => Promise<unknown>,
): AsyncGenerator {
  try {
    yield* source;
  } catch (exception) {
    yield await answer(exception);
  }
}
