import { WscError } from '@nest-wsc/protocol';

/** What the sender of a message that was not acknowledged may believe. */
export interface Outcome {
  readonly kind: 'failed' | 'unknown';
  readonly error: string;
}

const doubtful: ReadonlySet<string> = new Set(['WSC_TIMEOUT', 'WSC_INTERNAL']);

/** As docs/delivery.md tells a program to read an error. */
export function outcomeOf(thrown: unknown): Outcome {
  if (!(thrown instanceof WscError)) throw thrown;
  const { error, details } = thrown;
  const stated = typeof details === 'object' && details !== null && 'outcome' in details ? details.outcome : details;
  if (stated === 'unknown' || stated === 'failed') return { kind: stated, error };
  return { kind: doubtful.has(error) ? 'unknown' : 'failed', error };
}
