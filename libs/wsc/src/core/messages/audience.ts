import { isName, WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { Audience } from '../ports/broker.js';

/** Names of one list, and keys of the metadata. */
const maxItems = 1_000;

/** @throws {WscError} WSC_VALIDATION_FAILED for what picks nobody in particular, or can't be written for other nodes. */
export function parseAudience(audience: Audience | undefined): Audience {
  const { userTypes, rooms, metadata } = audience ?? {};
  if (userTypes === undefined && rooms === undefined && metadata === undefined) {
    throw invalid('at least one of userTypes, rooms and metadata; broadcast() is for everyone');
  }
  if (userTypes !== undefined && !isListOf(isUserType, userTypes))
    throw invalid('userTypes to be a list of user types');
  if (rooms !== undefined && !isListOf(isName, rooms)) throw invalid('rooms to be a list of room names');
  if (metadata !== undefined && !isPlain(metadata)) {
    throw invalid('metadata to have texts, numbers and booleans, since other nodes compare them');
  }
  return { ...audience };
}

/** Whether a connection is one of them. */
export function isInAudience(connection: Connection, { userTypes, rooms, metadata }: Audience): boolean {
  if (userTypes !== undefined && !userTypes.some((type) => type === connection.userType)) return false;
  if (rooms !== undefined && !rooms.some((room) => connection.isIn(room))) return false;
  if (metadata === undefined) return true;
  const known = connection.usedMetadata;
  return Object.entries(metadata).every(([key, value]) => known?.get(key) === value);
}

function isUserType(value: unknown): boolean {
  return typeof value === 'string' && value.length > 0 && value.length <= 128;
}

function isListOf(isItem: (value: unknown) => boolean, value: unknown): boolean {
  return Array.isArray(value) && value.length <= maxItems && value.every(isItem);
}

function isPlain(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const values: readonly unknown[] = Object.values(value);
  return (
    values.length <= maxItems &&
    values.every((item) => ['string', 'boolean'].includes(typeof item) || Number.isFinite(item))
  );
}

function invalid(expected: string): WscError {
  return new WscError('WSC_VALIDATION_FAILED', { message: `Expected the audience of a message: ${expected}.` });
}
