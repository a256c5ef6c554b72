import { asError } from './as-error.js';
import type { Clock } from '../ports/clock.js';

/** How long {@link withDeadline} waits. */
export interface DeadlineOptions {
  readonly clock: Clock;
  /** 0: none. */
  readonly timeoutMs: number;
  /** The first that aborts ends the wait, with its reason. */
  readonly signals: readonly AbortSignal[];
  readonly onTimeout: () => Error;
}

/**
 * Waits for `work`, but not for ever. What comes of it later is dropped, failures too.
 * @throws what `work` throws, what `onTimeout` makes, or the reason of the signal that aborted.
 */
export function withDeadline<T>(
  work: Promise<T>,
  { clock, timeoutMs, signals, onTimeout }: DeadlineOptions,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timeoutMs > 0 ? clock.after(timeoutMs, () => settle(() => reject(onTimeout()))) : undefined;
    const onAbort = (event: Event): void => settle(() => reject(reasonOf(event.target)));
    const settle = (end: () => void): void => {
      timer?.cancel();
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
      end();
    };
    work.then(
      (value) => settle(() => resolve(value)),
      (error: unknown) => settle(() => reject(asError(error))),
    );
    const aborted = signals.find((signal) => signal.aborted);
    if (aborted !== undefined) settle(() => reject(reasonOf(aborted)));
    else for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  });
}

function reasonOf(target: EventTarget | null): Error {
  return asError(target instanceof AbortSignal ? target.reason : undefined);
}
