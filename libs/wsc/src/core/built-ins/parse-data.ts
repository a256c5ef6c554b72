import { parseName, WscError } from '@nest-wsc/protocol';

/** The data of a built-in event as an object with unknown fields. @throws {WscError} WSC_VALIDATION_FAILED */
export function parseFields(data: unknown): Readonly<Record<string, unknown>> {
  if (isFields(data)) return data;
  throw new WscError('WSC_VALIDATION_FAILED', { details: { data: ['must be an object'] } });
}

/** The `room` of a built-in event. @throws {WscError} WSC_VALIDATION_FAILED, WSC_INVALID_NAME */
export function parseRoom(data: unknown): string {
  return parseName(parseFields(data)['room'], 'room');
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
