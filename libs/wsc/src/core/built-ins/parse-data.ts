import { parseName, parseUserId, WscError } from '@nest-wsc/protocol';
import type { StreamPosition } from '../ports/streams.js';

const maxEpochLength = 64;

/** The data of a built-in event as an object with unknown fields. @throws {WscError} WSC_VALIDATION_FAILED */
export function parseFields(data: unknown): Readonly<Record<string, unknown>> {
  if (isFields(data)) return data;
  throw new WscError('WSC_VALIDATION_FAILED', { details: { data: ['must be an object'] } });
}

/** The `room` of a built-in event. A missing name is a wrong name. @throws {WscError} WSC_INVALID_NAME */
export function parseRoom(data: unknown): string {
  return parseName(isFields(data) ? data['room'] : undefined, 'room');
}

/** The addressed user of a `chat`. @throws {WscError} WSC_INVALID_NAME */
export function parseTo(data: unknown): string {
  return parseUserId(isFields(data) ? data['to'] : undefined, 'to');
}

/**
 * A place in a stream that a client gives (PROTOCOL.md §6.1), undefined where it gives none.
 * @throws {WscError} WSC_VALIDATION_FAILED
 */
export function parsePosition(data: unknown, field: string): StreamPosition | undefined {
  const value = isFields(data) ? data[field] : undefined;
  if (value === undefined) return undefined;
  const { offset, epoch } = isFields(value) ? value : {};
  const isOffset = typeof offset === 'number' && Number.isSafeInteger(offset) && offset >= 0;
  if (isOffset && typeof epoch === 'string' && epoch.length <= maxEpochLength) return { offset, epoch };
  throw new WscError('WSC_VALIDATION_FAILED', {
    details: { [field]: ['must be a position: { offset: a whole number from 0, epoch: a text }'] },
  });
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
