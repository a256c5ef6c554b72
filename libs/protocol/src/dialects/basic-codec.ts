import type { DecodeLimits, ServerCodec } from '../codec.js';
import type {
  ClientEnvelope,
  ErrorEnvelope,
  ResponseEnvelope,
  ServerEnvelope,
  ServerNotifyEnvelope,
} from '../envelopes.js';
import { errorToWire, goodbyeToWire, welcomeToWire } from '../wire-data.js';
import { decodeDialect, toEnvelope, toRoomData, type DialectMessage } from './dialect.js';

/** The dialect `basic.v1.json`: `{type, payload}` and nothing that a small client must know (PROTOCOL.md §8.2). */
export const basicCodec = Object.freeze({
  subprotocol: 'basic.v1.json',
  isBinary: false,
  canAck: false,
  decode,
  encode,
}) satisfies ServerCodec;

/** Answers whose `type` is not the event's. */
const answerTypes: ReadonlyMap<string, string> = new Map([
  ['subscribe', 'subscribed'],
  ['unsubscribe', 'unsubscribed'],
]);

function decode(payload: string | Uint8Array, limits: DecodeLimits): ClientEnvelope {
  return decodeDialect(payload, limits, read);
}

function read(message: DialectMessage): ClientEnvelope {
  const payload = message.wire['payload'];
  const isAboutRoom = answerTypes.has(message.event);
  return toEnvelope(message, isAboutRoom ? toRoomData(payload) : payload, isAboutRoom);
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
      return JSON.stringify({ type: 'welcome', payload: welcomeToWire(envelope.data) });
    case 'goodbye':
      return JSON.stringify({ type: 'goodbye', payload: goodbyeToWire(envelope.data) });
    case 'pong':
      return JSON.stringify({ type: 'pong', payload: { timestamp: envelope.timestamp } });
    case 'ping':
      return '{"type":"ping"}';
  }
}

function writeNotify(envelope: ServerNotifyEnvelope): string {
  // Without the message's id: in this dialect an `id` always means "the answer to yours".
  return JSON.stringify({
    type: envelope.event,
    payload: envelope.data,
    room: envelope.room,
    from: envelope.from,
    timestamp: envelope.timestamp,
  });
}

function writeResponse(envelope: ResponseEnvelope): string {
  const event = envelope.event ?? 'response';
  return JSON.stringify({
    type: answerTypes.get(event) ?? event,
    id: envelope.requestId,
    payload: envelope.data,
    more: envelope.more === true ? true : undefined,
  });
}

function writeError(envelope: ErrorEnvelope): string {
  return JSON.stringify({
    type: 'error',
    id: envelope.requestId,
    payload: { ...errorToWire(envelope), trace_id: envelope.traceId },
  });
}
