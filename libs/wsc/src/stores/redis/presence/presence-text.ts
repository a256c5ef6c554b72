import { encodeName } from '@nest-wsc/protocol/cluster';
import type { PresenceEntry } from '../../../core/ports/presence.js';

/*
 * How presence is written in Redis: words with a space between them, each percent-encoded, so that scripts can tell them apart. The
 * first word of a value is the instance whose it is.
 */

/** A user's entry, and whose it is. */
export interface OwnedEntry {
  readonly instanceId: string;
  readonly entry: PresenceEntry;
}

/** A connection in a room. */
export interface OwnedRoomEntry {
  readonly instanceId: string;
  readonly deviceId: string;
  readonly since: number;
}

/** What is left of a member that {@link userMember} or {@link roomMember} made. */
export type Member =
  | { readonly kind: 'user'; readonly userId: string; readonly connectionId: string }
  | { readonly kind: 'room'; readonly room: string; readonly userId: string; readonly connectionId: string };

/** The value of a connection in its user's hash. */
export function entryText({ deviceId, nodeId, since }: PresenceEntry, instanceId: string): string {
  return words(instanceId, deviceId, nodeId, String(since));
}

/** Undefined for what {@link entryText} did not write. */
export function parseEntry(userId: string, connection: string, text: string): OwnedEntry | undefined {
  const [connectionId] = parseWords(connection);
  const [instanceId, deviceId, nodeId, since] = parseWords(text);
  if (connectionId === undefined || instanceId === undefined || deviceId === undefined || nodeId === undefined) return;
  return { instanceId, entry: { connectionId, userId, deviceId, nodeId, since: Number(since) } };
}

/** The value of a connection among those of its user in a room's hash. */
export function roomEntryText({ connectionId, deviceId, since }: PresenceEntry, instanceId: string): string {
  return words(instanceId, connectionId, deviceId, String(since));
}

/** All that a user has in a room; without what {@link roomEntryText} did not write. */
export function parseRoomEntries(packed: string): readonly OwnedRoomEntry[] {
  return packed.split(';').flatMap((text) => {
    const [instanceId, connectionId, deviceId, since] = parseWords(text);
    if (instanceId === undefined || connectionId === undefined || deviceId === undefined) return [];
    return [{ instanceId, deviceId, since: Number(since) }];
  });
}

/** What an instance's set says of a connection that is online. */
export function userMember({ userId, connectionId }: PresenceEntry): string {
  return `u ${words(userId, connectionId)}`;
}

/** What an instance's set says of a connection that is in a room. */
export function roomMember({ userId, connectionId }: PresenceEntry, room: string): string {
  return `r ${words(room, userId, connectionId)}`;
}

/** Undefined for what neither {@link userMember} nor {@link roomMember} made. */
export function parseMember(text: string): Member | undefined {
  const [kind, first, second, third] = parseWords(text);
  if (first === undefined || second === undefined) return undefined;
  if (kind === 'u') return { kind: 'user', userId: first, connectionId: second };
  if (kind === 'r' && third !== undefined) return { kind: 'room', room: first, userId: second, connectionId: third };
  return undefined;
}

/** A name of a key's part, as it was; undefined for what can't have been one. */
export function parseWord(text: string): string | undefined {
  return parseWords(text)[0];
}

function words(...values: readonly string[]): string {
  return values.map(encodeName).join(' ');
}

function parseWords(text: string): readonly (string | undefined)[] {
  try {
    return text.split(' ').map(decodeURIComponent);
  } catch {
    // Somebody else has written into our keys.
    return [];
  }
}
