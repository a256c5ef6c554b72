/**
 * What happens with a message of a room when a connection's outbox is over its budget:
 * - `close`: the connection is closed with 4008.
 * - `drop-oldest`: the room's oldest queued messages go, until the new one fits.
 * - `drop-newest`: the new message is not queued.
 * - `latest-only`: of the room's queued messages with the same key only the newest stays.
 * - `catch-up`: the room's messages are not queued any more; the connection gets them from the room's history once it reads again.
 */
export type Backpressure = 'close' | 'drop-oldest' | 'drop-newest' | 'latest-only' | 'catch-up';

/** A {@link Backpressure} that lets messages go to keep the connection. */
export type DropPolicy = Exclude<Backpressure, 'close' | 'catch-up'>;

/** Every {@link Backpressure}, for checks and texts. */
export const backpressures: readonly Backpressure[] = Object.freeze([
  'close',
  'drop-oldest',
  'drop-newest',
  'latest-only',
  'catch-up',
]);

/** Whether `value` is a {@link Backpressure}. */
export function isBackpressure(value: unknown): value is Backpressure {
  return backpressures.some((known) => known === value);
}
