import { optionalNumber, parseFields, requireNumber, requireString } from './built-in-answers.js';
import { parsePosition, type Position } from './position.js';
import { readKey } from './read-key.js';

/**
 * Whether a room's messages since the client was there last all follow (PROTOCOL.md §6.2): those above `from` up to `to`, then
 * what comes; or none of them, and why. `epoch`: the past is lost · `trimmed`: it is no longer kept · `limit`: it is more than may be
 * recovered · `disabled`: the room keeps no history.
 */
export type RoomRecovery =
  | { readonly room: string; readonly recovered: true; readonly from: number; readonly to: number }
  | { readonly room: string; readonly recovered: false; readonly reason: LossReason };

/** Why a room's messages could not be recovered. */
export type LossReason = (typeof lossReasons)[number];

const lossReasons = ['epoch', 'trimmed', 'limit', 'disabled'] as const;

/** The answer to a join (PROTOCOL.md §4). */
export interface JoinedRoom {
  readonly room: string;
  /** How many members it has, where the room tells. */
  readonly members?: number;
  /** Where the room stands: everything above it follows, and what `recovery` promises up to it. Absent where the room keeps no history. */
  readonly position?: Position;
  /** Where the client had a position in the room. */
  readonly recovery?: RoomRecovery;
}

/** Whether the client's position in the user's inbox still counts. Where it does not, durable messages that it has had may come again. */
export type InboxRecovery = { readonly recovered: true } | { readonly recovered: false; readonly reason: LossReason };

/** The answer to `resume` (PROTOCOL.md §6.4). */
export interface Resumed {
  /** Absent: the client has to join its rooms again. */
  readonly rooms?: ReadonlyMap<string, JoinedRoom>;
  readonly inbox?: InboxRecovery;
  /** For the next time. */
  readonly session?: string;
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function parseJoinedRoom(answer: unknown): JoinedRoom {
  return parseRoomStart(requireString(parseFields(answer, 'join_room'), 'room'), answer);
}

/** @throws {WscError} WSC_INVALID_ENVELOPE */
export function parseResumed(answer: unknown): Resumed {
  const fields = parseFields(answer, 'resume');
  const session = fields.get('session');
  const inbox = parseInbox(fields.get('inbox'));
  return {
    ...(typeof session === 'string' && { session }),
    ...(fields.get('resumed') === true && { rooms: parseRooms(fields.get('rooms')) }),
    ...(inbox !== undefined && { inbox }),
  };
}

function parseRooms(value: unknown): ReadonlyMap<string, JoinedRoom> {
  const starts = new Map<string, JoinedRoom>();
  for (const [room, start] of parseFields(value, 'rooms')) {
    // A room that is refused now is one that the session lacks.
    if (readKey(start, 'error') === undefined) starts.set(room, parseRoomStart(room, start));
  }
  return starts;
}

function parseRoomStart(room: string, answer: unknown): JoinedRoom {
  const fields = parseFields(answer, room);
  const members = optionalNumber(fields, 'members');
  const position = parsePosition(answer);
  const recovered = fields.get('recovered');
  return {
    room,
    ...(members !== undefined && { members }),
    ...(position !== undefined && { position }),
    ...(recovered === true && { recovery: parseRange(room, fields) }),
    ...(recovered === false && { recovery: { room, recovered, reason: parseReason(fields) } }),
  };
}

function parseRange(room: string, fields: ReadonlyMap<string, unknown>): RoomRecovery {
  return { room, recovered: true, from: requireNumber(fields, 'from'), to: requireNumber(fields, 'to') };
}

/** Nothing where the client has said nothing of it. */
function parseInbox(answer: unknown): InboxRecovery | undefined {
  const recovered = readKey(answer, 'recovered');
  if (recovered === true) return { recovered };
  return recovered === false ? { recovered, reason: parseReason(parseFields(answer, 'inbox')) } : undefined;
}

/** One that was added later means, as all of them, that the past is not there. */
function parseReason(fields: ReadonlyMap<string, unknown>): LossReason {
  return lossReasons.find((reason) => reason === fields.get('reason')) ?? 'epoch';
}
