import { WscError } from '@nest-wsc/protocol';
import type { Route } from '../inbound/route-table.js';
import type { OutboundMessage } from '../messages/message.js';
import type { StreamPosition, Streams } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RoomAccess } from '../rooms/room-access.js';
import { parseFields, parsePosition, parseRoom } from './parse-data.js';

const defaultPageMessages = 100;
const maxPageMessages = 1_000;
/** Of the messages' data, so that an answer stays well below what a client takes. */
const maxPageBytes = 256 * 1024;

/** What {@link historyRoute} needs. */
export interface HistoryRouteDependencies {
  readonly access: RoomAccess;
  readonly streams: Streams;
  readonly namespaces: NamespaceTable;
}

/** `history` (PROTOCOL.md §6.3). */
export function historyRoute(deps: HistoryRouteDependencies): Route {
  return {
    event: 'history',
    isBuiltIn: true,
    handler: async (data, { connection }) => {
      const room = parseRoom(data);
      const since = parsePosition(data, 'since');
      const maxMessages = parseLimit(data);
      await deps.access.requireHistory(connection, room);
      if (deps.namespaces.of(room)?.history === undefined) return { messages: [], complete: false, reason: 'disabled' };
      const limit = { maxMessages, maxBytes: maxPageBytes };
      const read = await (since === undefined
        ? deps.streams.readFromStart(room, limit)
        : deps.streams.read(room, since, limit));
      if (read.status !== 'ok') return { messages: [], ...read.top, complete: false, reason: read.status };
      const { entries, top } = read;
      const messages = entries.map(({ message, offset }) => historyMessage(message, { offset, epoch: top.epoch }));
      return { messages, ...top, complete: entries.length === 0 || entries.at(-1)?.offset === top.offset };
    },
  };
}

/** A message as a client gets it live (PROTOCOL.md §3.4), without its type. */
function historyMessage(message: OutboundMessage, position: StreamPosition): Readonly<Record<string, unknown>> {
  return {
    event: message.event,
    id: message.id,
    data: message.data,
    ...(message.from !== undefined && { from: message.from }),
    ...(message.fromName !== undefined && { from_name: message.fromName }),
    room: message.room,
    ...position,
    timestamp: message.timestamp,
  };
}

/** @throws {WscError} WSC_VALIDATION_FAILED */
function parseLimit(data: unknown): number {
  const { limit = defaultPageMessages } = parseFields(data);
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1) return Math.min(limit, maxPageMessages);
  throw new WscError('WSC_VALIDATION_FAILED', { details: { limit: ['must be a whole number from 1'] } });
}
