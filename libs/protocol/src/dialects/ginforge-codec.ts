import type { DecodeLimits, ServerCodec } from '../codec.js';
import type {
  ClientEnvelope,
  ErrorEnvelope,
  ResponseEnvelope,
  ServerEnvelope,
  ServerNotifyEnvelope,
} from '../envelopes.js';
import { isWireObject, type WireObject } from '../structure.js';
import { errorToWire, goodbyeToWire, welcomeToWire } from '../wire-data.js';
import { decodeDialect, isUnset, toEnvelope, toRoomData, type DialectMessage } from './dialect.js';

/** The dialect `ginforge.v1.json`, for clients written against `{type, content}` (PROTOCOL.md §8.1). */
export const ginforgeCodec = Object.freeze({
  subprotocol: 'ginforge.v1.json',
  isBinary: false,
  canAck: false,
  decode,
  encode,
}) satisfies ServerCodec;

/** Answers whose `type` is not the event's. */
const answerTypes: ReadonlyMap<string, string> = new Map([
  ['join_room', 'room_joined'],
  ['leave_room', 'room_left'],
]);

function decode(payload: string | Uint8Array, limits: DecodeLimits): ClientEnvelope {
  return decodeDialect(payload, limits, read);
}

function read(message: DialectMessage): ClientEnvelope {
  return toEnvelope(message, readData(message), answerTypes.has(message.event));
}

function readData({ event, wire }: DialectMessage): unknown {
  const { room, to } = wire;
  const content = readContent(wire);
  switch (event) {
    case 'join_room':
    case 'leave_room':
    case 'subscribe':
    case 'unsubscribe':
    case 'presence':
    case 'history':
      return isUnset(room) ? toRoomData(content) : { ...(isWireObject(content) && content), room };
    case 'room_message':
      return isUnset(room) ? content : { room, data: content };
    case 'chat':
      return isUnset(to) ? content : { to, data: content };
    case 'refresh_token':
      return typeof content === 'string' ? { token: content } : content;
    default:
      return content;
  }
}

/** A message that has both a `content` and a `data` keeps both, under these names. */
function readContent({ content, data }: WireObject): unknown {
  if (data === undefined || data === null) return content;
  return isUnset(content) ? data : { content, data };
}

/** The way back: data that is exactly `{content, data}` stands in the two fields. */
function writeContent(value: unknown): { readonly content: unknown; readonly data?: unknown } {
  if (!isWireObject(value) || !Object.hasOwn(value, 'content') || !Object.hasOwn(value, 'data'))
    return { content: value };
  return Object.keys(value).length === 2 ? { content: value['content'], data: value['data'] } : { content: value };
}

function encode(envelope: ServerEnvelope): string {
  switch (envelope.type) {
    case 'notify':
      return writeNotify(envelope);
    case 'response':
      return writeResponse(envelope);
    case 'error':
      return writeError(envelope);
    case 'welcome':
      return JSON.stringify({
        type: 'welcome',
        content: welcomeToWire(envelope.data),
        timestamp: envelope.data.serverTime,
      });
    case 'goodbye':
      return JSON.stringify({ type: 'goodbye', content: goodbyeToWire(envelope.data) });
    case 'pong':
      return JSON.stringify({ type: 'pong', timestamp: envelope.timestamp });
    case 'ping':
      return '{"type":"ping"}';
  }
}

function writeNotify(envelope: ServerNotifyEnvelope): string {
  const { content, data } = writeContent(envelope.data);
  return JSON.stringify({
    type: envelope.event,
    id: envelope.id,
    from: envelope.from,
    from_name: envelope.fromName,
    to: envelope.to,
    room: envelope.room,
    content,
    data,
    timestamp: envelope.timestamp,
  });
}

function writeResponse(envelope: ResponseEnvelope): string {
  const event = envelope.event ?? 'response';
  const { content, data } = writeContent(envelope.data);
  return JSON.stringify({
    type: answerTypes.get(event) ?? event,
    id: envelope.requestId,
    room: answerTypes.has(event) && isWireObject(content) ? content['room'] : undefined,
    content,
    data,
    more: envelope.more === true ? true : undefined,
    trace_id: envelope.traceId,
    timestamp: envelope.timestamp,
  });
}

function writeError(envelope: ErrorEnvelope): string {
  return JSON.stringify({
    type: 'error',
    id: envelope.requestId,
    content: errorToWire(envelope),
    trace_id: envelope.traceId,
    timestamp: envelope.timestamp,
  });
}
