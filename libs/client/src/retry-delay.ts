import type { Backoff } from './backoff.js';

/**
 * `backoff` as long as the backoff says · `now` at once, if it is the first failure · `soon` the same, and after
 * more failures no longer than after the first · `told` what the server asked for,
 * exactly, since each client was told its own · `told-all` at least that long, and spread, since all were told the same.
 */
export type RetryDelay =
  | { readonly kind: 'backoff' }
  | { readonly kind: 'now' | 'soon' }
  | { readonly kind: 'told' | 'told-all'; readonly delayMs: number };

/**
 * Counts a failure and says how many milliseconds to wait after it. Only a first failure is spared the backoff: else two
 * sides could spin. `soon` is for an end that can't come twice in a row.
 */
export function resolveDelay(delay: RetryDelay, backoff: Backoff): number {
  const backoffMs = backoff.next();
  const isFirst = backoff.failures === 1;
  switch (delay.kind) {
    case 'backoff':
      return backoffMs;
    case 'now':
      return isFirst ? 0 : backoffMs;
    case 'soon':
      return isFirst ? 0 : backoff.shortest();
    case 'told':
      return isFirst ? delay.delayMs : Math.max(delay.delayMs, backoffMs);
    case 'told-all':
      return delay.delayMs + backoffMs;
  }
}
