import { describeValue } from '@nest-wsc/protocol';
import type { StreamLimits } from '../ports/streams.js';

/** How much the rooms of a namespace keep. */
export interface HistoryOptions {
  /** Newest messages per room. @default 1000, with `latestValue` 1 */
  readonly maxMessages?: number;
  /** Milliseconds for which a message is kept. @default 300_000 (5 minutes), with `latestValue` 86_400_000 (a day) */
  readonly timeToLiveMs?: number;
  /** Whether who joins gets the newest message: for a price, a state, a position, of which only the last one counts. @default false */
  readonly latestValue?: boolean;
}

/** {@link HistoryOptions} with every option filled in. */
export interface History extends StreamLimits {
  readonly latestValue: boolean;
}

const longestMs = 7 * 24 * 60 * 60 * 1000;
const mostMessages = 100_000;

/** Undefined: nothing is kept. @throws {Error} for options that can't be, naming them. */
export function resolveHistory(namespace: string, value: boolean | HistoryOptions): History | undefined {
  if (value === false) return undefined;
  const options: HistoryOptions = value === true ? {} : value;
  const { latestValue = false } = options;
  const { maxMessages = latestValue ? 1 : 1_000, timeToLiveMs = latestValue ? 86_400_000 : 300_000 } = options;
  requireWhole(`history.maxMessages\` of the namespace "${namespace}"`, maxMessages, mostMessages);
  requireWhole(`history.timeToLiveMs\` of the namespace "${namespace}"`, timeToLiveMs, longestMs);
  return Object.freeze({ maxMessages, timeToLiveMs, latestValue });
}

function requireWhole(name: string, value: unknown, max: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= max) return;
  throw new Error(`Expected \`${name} to be a whole number from 1 to ${String(max)}, got ${describeValue(value)}`);
}
