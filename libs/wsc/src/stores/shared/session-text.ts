import { WscError } from '@nest-wsc/protocol';
import type { SessionOwner, SessionRoom, SessionState, SessionSuccessor } from '../../core/ports/sessions.js';
import { isWireObject } from './wire-object.js';

/** What the state of one session may take: a connection is in 100 rooms at most, and the rest is a few facts of the application. */
const maxSessionBytes = 16_384;

/**
 * The state as JSON, its owner first: {@link ownerText} says how it starts, so that a store can tell the owner without reading the rest. Of
 * the metadata what JSON can't write is left out.
 * @throws {WscError} WSC_LIMIT_EXCEEDED
 */
export function sessionText({ owner, connectionId, isClosed, rooms, metadata }: SessionState): string {
  const places = rooms.map(({ room, role, isByClient }) => [room, role, isByClient]);
  const connection = `,"connectionId":${JSON.stringify(connectionId)},"isClosed":${String(isClosed)}`;
  const rest = `${connection},"rooms":${JSON.stringify(places)}`;
  const text = `${ownerText(owner)}${rest},"metadata":${metadataText(metadata)}}`;
  if (Buffer.byteLength(text) <= maxSessionBytes) return text;
  throw new WscError('WSC_LIMIT_EXCEEDED', {
    message: `What is kept of a connection takes more than ${String(maxSessionBytes)} bytes: its rooms and its metadata.`,
  });
}

/** What {@link sessionText} starts with for this owner and no other. */
export function ownerText({ userId, deviceId, userType }: SessionOwner): string {
  return `{"owner":${JSON.stringify([userId ?? null, deviceId, userType ?? null])}`;
}

/** Undefined for what {@link sessionText} has not written for this owner. */
export function parseSession(text: string, owner: SessionOwner): SessionState | undefined {
  if (!text.startsWith(`${ownerText(owner)},`)) return undefined;
  const wire = parseJson(text);
  if (!isWireObject(wire)) return undefined;
  const { connectionId, isClosed, rooms, metadata } = wire;
  if (typeof connectionId !== 'string' || typeof isClosed !== 'boolean') return undefined;
  if (!Array.isArray(rooms) || !isWireObject(metadata)) return undefined;
  const places = rooms.flatMap((place: unknown) => parseRoom(place) ?? []);
  return places.length === rooms.length ? { owner, connectionId, isClosed, rooms: places, metadata } : undefined;
}

/** What stands in the place of a session that was taken: which one leads on, for this owner. */
export function successorText(owner: SessionOwner, { sessionId }: SessionSuccessor): string {
  return `${ownerText(owner)},"successor":${JSON.stringify(sessionId)}}`;
}

/** The session to which a {@link successorText} of this owner leads; undefined for every other text. */
export function parseSuccessor(text: string, owner: SessionOwner): string | undefined {
  const start = `${ownerText(owner)},"successor":`;
  const sessionId = text.startsWith(start) ? parseJson(text.slice(start.length, -1)) : undefined;
  return typeof sessionId === 'string' ? sessionId : undefined;
}

function metadataText(metadata: SessionState['metadata']): string {
  try {
    return JSON.stringify(metadata);
  } catch {
    return JSON.stringify(Object.fromEntries(Object.entries(metadata).filter(([, value]) => isWritable(value))));
  }
}

function isWritable(value: unknown): boolean {
  try {
    JSON.stringify(value);
    return true;
  } catch {
    return false;
  }
}

function parseRoom(place: unknown): SessionRoom | undefined {
  const parts: readonly unknown[] = Array.isArray(place) ? place : [];
  const [room, role, isByClient] = parts;
  if (typeof room !== 'string' || typeof isByClient !== 'boolean') return undefined;
  return role === 'member' || role === 'subscriber' ? { room, role, isByClient } : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
