import { asError } from './as-error.js';
import type { Cancellation } from './cancellation.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Clock } from '../ports/clock.js';

/** How long {@link withDeadline} waits. */
export interface DeadlineOptions {
  readonly clock: Clock;
  /** 0: none. */
  readonly timeoutMs: number;
  /** Ends the wait with its reason. */
  readonly cancellation?: Cancellation | undefined;
  readonly onTimeout: () => Error;
}

/**
 * Waits for `work`, but not for ever; not at all where it is done already. What comes of it later is dropped, failures too.
 * @throws what `work` throws, what `onTimeout` makes, or the reason of the cancellation.
 */
export function withDeadline<T>(work: MaybePromise<T>, options: DeadlineOptions): MaybePromise<T> {
  const { cancellation } = options;
  const isUnderWay = work instanceof Promise;
  if (cancellation?.reason !== undefined) {
    // Dropped, as said above: who cancelled does not want to know.
    if (isUnderWay) work.catch(() => undefined);
    throw cancellation.reason;
  }
  return isUnderWay ? waitFor(work, options) : work;
}

function waitFor<T>(work: Promise<T>, { clock, timeoutMs, cancellation, onTimeout }: DeadlineOptions): Promise<T> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      timer?.cancel();
      cancellation?.onCancel(undefined);
    };
    const fail = (error: unknown): void => {
      settle();
      reject(asError(error));
    };
    const timer = timeoutMs > 0 ? clock.after(timeoutMs, () => fail(onTimeout())) : undefined;
    cancellation?.onCancel(fail);
    work.then((value) => {
      settle();
      resolve(value);
    }, fail);
  });
}
