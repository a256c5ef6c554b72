import { WscError } from '@nest-wsc/protocol';

/** The answer to a message that was sent to a room or user. */
export interface SentMessage {
  /** Made by the server. */
  readonly id: string;
  /** Where the room keeps messages. */
  readonly offset?: number;
  readonly epoch?: string;
}

/** Who is in a room. */
export interface RoomPresence {
  readonly users: readonly PresentUser[];
  /** Of users, more than `users` holds where the server cut the list. */
  readonly count: number;
}

/** A user who is in a room. */
export interface PresentUser {
  readonly userId: string;
  /** How many devices of the user are in the room. */
  readonly devices: number;
  /** Milliseconds since 1970. */
  readonly since: number;
}

/** The answer to a new token. */
export interface RefreshedToken {
  /** Milliseconds since 1970, where the token expires at all. */
  readonly expiresAt?: number;
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function parseSentMessage(answer: unknown): SentMessage {
  const fields = parseFields(answer, 'message');
  const offset = optionalNumber(fields, 'offset');
  const epoch = fields.get('epoch');
  return {
    id: requireString(fields, 'id'),
    ...(offset !== undefined && { offset }),
    ...(typeof epoch === 'string' && { epoch }),
  };
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function parseRoomPresence(answer: unknown): RoomPresence {
  const fields = parseFields(answer, 'presence');
  const users = fields.get('users');
  if (!Array.isArray(users)) throw invalidAnswer('users');
  const parsed = users.map(parsePresentUser);
  return { users: parsed, count: optionalNumber(fields, 'count') ?? parsed.length };
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function parseRefreshedToken(answer: unknown): RefreshedToken {
  const expiresAt = optionalNumber(parseFields(answer, 'refresh_token'), 'expires_at');
  return expiresAt === undefined ? {} : { expiresAt };
}

function parsePresentUser(value: unknown): PresentUser {
  const fields = parseFields(value, 'presence');
  return {
    userId: requireString(fields, 'user_id'),
    devices: optionalNumber(fields, 'devices') ?? 1,
    since: optionalNumber(fields, 'since') ?? 0,
  };
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function parseFields(value: unknown, what: string): ReadonlyMap<string, unknown> {
  if (typeof value === 'object' && value !== null) return new Map(Object.entries(value));
  throw invalidAnswer(what);
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function requireString(fields: ReadonlyMap<string, unknown>, name: string): string {
  const value = fields.get(name);
  if (typeof value === 'string') return value;
  throw invalidAnswer(name);
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function requireNumber(fields: ReadonlyMap<string, unknown>, name: string): number {
  const value = optionalNumber(fields, name);
  if (value !== undefined) return value;
  throw invalidAnswer(name);
}

/** Nothing where it is no number. */
export function optionalNumber(fields: ReadonlyMap<string, unknown>, name: string): number | undefined {
  const value = fields.get(name);
  return typeof value === 'number' ? value : undefined;
}

function invalidAnswer(what: string): WscError {
  return new WscError('WSC_INVALID_ENVELOPE', { message: `The gateway's answer has no valid "${what}".` });
}
