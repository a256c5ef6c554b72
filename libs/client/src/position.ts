import { readKey } from './read-key.js';

/** A place in a room's stream or in the inbox (PROTOCOL.md §6.1). Offsets of different epochs can't be compared. */
export interface Position {
  readonly offset: number;
  readonly epoch: string;
}

/** Nothing where it is no position. */
export function parsePosition(value: unknown): Position | undefined {
  const offset = readKey(value, 'offset');
  const epoch = readKey(value, 'epoch');
  const isPosition = Number.isSafeInteger(offset) && typeof offset === 'number' && offset >= 0;
  return isPosition && typeof epoch === 'string' ? { offset, epoch } : undefined;
}

/** Whether `position` has everything up to `other`, as far as that can be known. */
export function isAtOrAbove(position: Position, other: Position): boolean {
  return position.epoch === other.epoch && position.offset >= other.offset;
}
