import { WscError } from './errors.js';

/** Longest room, user, device or event name, in characters (PROTOCOL.md §5). */
export const maxNameLength = 128;
/** Longest request id, message id and idempotency id, in UTF-16 code units (PROTOCOL.md §5). */
export const maxIdLength = 64;
/** Longest key of a message, in UTF-16 code units: room for a prefix and a user id. */
const maxKeyLength = 256;
/** Most message ids in one `ack` (PROTOCOL.md §2.4). */
export const maxAckIds = 100;

/** The rule for names in words, for error messages. */
export const nameRule = `1 to ${String(maxNameLength)} characters of A-Z a-z 0-9 _ . : -`;
/** The rule for ids in words, for error messages. */
export const idRule = `a string of 1 to ${String(maxIdLength)} characters`;

const namePattern = /^[A-Za-z0-9_.:-]{1,128}$/;
// Printable without spaces and controls: `auth0|…` and e-mail addresses are real user ids (PROTOCOL.md §5).
const userIdPattern = /^[^\p{C}\p{Z}]{1,128}$/u;
const keyPattern = /^\P{C}+$/u;

/** Whether `value` is a room, device or event name: 1..128 of `A-Za-z0-9_.:-`. */
export function isName(value: unknown): value is string {
  return typeof value === 'string' && namePattern.test(value);
}

/** Whether `value` is a user id: 1..128 printable characters without spaces or controls. */
export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxNameLength && userIdPattern.test(value);
}

/** Whether `value` is an id (of a request, of a message, for idempotency): a string of 1..64 characters. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && value.length > 0 && value.length <= maxIdLength;
}

/** Whether `value` is the key of a message (`backpressure: 'latest-only'`): 1..256 printable characters. */
export function isMessageKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxKeyLength && keyPattern.test(value);
}

/** @throws {WscError} WSC_INVALID_NAME, saying which `field` was wrong (never its value). */
export function parseName(value: unknown, field: string): string {
  if (isName(value)) return value;
  throw new WscError('WSC_INVALID_NAME', { message: `"${field}" must be a string of ${nameRule}` });
}

/** @throws {WscError} WSC_INVALID_NAME, saying which `field` was wrong. */
export function parseId(value: unknown, field = 'id'): string {
  if (isId(value)) return value;
  throw new WscError('WSC_INVALID_NAME', { message: `"${field}" must be ${idRule}` });
}

/** @throws {WscError} WSC_INVALID_NAME, saying which `field` was wrong. */
export function parseUserId(value: unknown, field = 'user_id'): string {
  if (isUserId(value)) return value;
  throw new WscError('WSC_INVALID_NAME', {
    message: `"${field}" must be a string of 1 to 128 printable characters without spaces`,
  });
}

/** @throws {WscError} WSC_INVALID_NAME */
export function parseMessageKey(value: unknown): string {
  if (isMessageKey(value)) return value;
  throw new WscError('WSC_INVALID_NAME', {
    message: `"key" must be a string of 1 to ${String(maxKeyLength)} printable characters`,
  });
}

/** The namespace of a room: its part before the first `:`, or its whole name (PROTOCOL.md §5). */
export function namespaceOf(room: string): string {
  const colon = room.indexOf(':');
  return colon < 0 ? room : room.slice(0, colon);
}
