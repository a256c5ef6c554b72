import { WscError } from '@nest-wsc/protocol';
import type { Route } from '../inbound/route-table.js';
import type { StreamPosition } from '../ports/streams.js';
import type { Resumed, ResumedRoom, ResumeRequest, Resumption } from '../sessions/resumption.js';
import type { RoomStart } from '../streams/recovery.js';
import { parseFields, parsePosition } from './parse-data.js';

/** Three keys each of the 1,000 that an envelope may have (PROTOCOL.md §1.4), and some are left for the rest. */
const maxRooms = 300;
const maxSessionLength = 128;

/** `resume` (PROTOCOL.md §6.4). */
export function resumeRoute(deps: { readonly resumption: Resumption }): Route {
  return {
    event: 'resume',
    isBuiltIn: true,
    isExclusive: true,
    isConnectionBound: true,
    handler: async (data, context) => {
      const { connection } = context;
      const resumed = await deps.resumption.resume(connection, parseResume(data));
      context.afterAnswer(() => deps.resumption.release(connection, resumed));
      return {
        resumed: resumed.reason === undefined,
        ...(resumed.reason !== undefined && { reason: resumed.reason }),
        session: resumed.session,
        rooms: Object.fromEntries(Array.from(resumed.rooms, ([room, each]) => [room, roomAnswer(each)])),
        inbox: inboxAnswer(resumed),
      };
    },
  };
}

/** Where a client goes on in a room (PROTOCOL.md §6.2). */
export function startAnswer(
  { position, recovered, to, reason }: RoomStart,
  since: StreamPosition | undefined,
): Readonly<Record<string, unknown>> {
  return {
    ...position,
    ...(recovered !== undefined && { recovered }),
    ...(recovered === true && { from: since?.offset, to }),
    ...(reason !== undefined && { reason }),
  };
}

function roomAnswer(resumed: ResumedRoom): Readonly<Record<string, unknown>> {
  return resumed.isIn ? startAnswer(resumed.start, resumed.since) : { error: resumed.error };
}

function inboxAnswer({ isInboxKnown }: Resumed): Readonly<Record<string, unknown>> {
  if (isInboxKnown === undefined) return {};
  return isInboxKnown ? { recovered: true } : { recovered: false, reason: 'epoch' };
}

/** @throws {WscError} WSC_VALIDATION_FAILED */
function parseResume(data: unknown): ResumeRequest {
  const fields = parseFields(data);
  const { session } = fields;
  if (typeof session !== 'string' || session.length > maxSessionLength) {
    throw new WscError('WSC_VALIDATION_FAILED', {
      details: { session: ['must be the session of a former connection'] },
    });
  }
  const given = fields['rooms'] === undefined ? {} : parseFields(fields['rooms']);
  const names = Object.keys(given);
  if (names.length > maxRooms) throw new WscError('WSC_LIMIT_EXCEEDED');
  const rooms = names.flatMap((room) => {
    const position = parsePosition(given, room);
    return position === undefined ? [] : [[room, position] as const];
  });
  return { session, inbox: parsePosition(fields, 'inbox'), rooms: new Map(rooms) };
}
