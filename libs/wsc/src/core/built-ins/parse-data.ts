import { parseName, parseUserId, WscError } from '@nest-wsc/protocol';

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

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
