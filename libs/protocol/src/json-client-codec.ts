import { DecodeError, type ClientCodec } from './codec.js';
import type {
  ClientEnvelope,
  ErrorEnvelope,
  ResponseEnvelope,
  ServerEnvelope,
  ServerNotifyEnvelope,
} from './envelopes.js';
import { errorNameFor } from './errors.js';
import {
  optionalInteger,
  optionalString,
  requireInteger,
  requireObject,
  requireString,
  type Mutable,
} from './fields.js';
import { parseJsonObject } from './json-text.js';
import { isName } from './names.js';
import type { WireObject } from './structure.js';
import { goodbyeFromWire, welcomeFromWire } from './wire-data.js';

/** The client's side of `wsc.v1.json` (PROTOCOL.md §2 and §3). */
export const jsonClientCodec = Object.freeze({
  subprotocol: 'wsc.v1.json',
  isBinary: false,
  decode,
  encode,
}) satisfies ClientCodec;

function decode(payload: string | Uint8Array): ServerEnvelope {
  const wire = parseJsonObject(payload);
  switch (wire['type']) {
    case 'notify':
      return readNotify(wire);
    case 'response':
      return readResponse(wire);
    case 'error':
      return readError(wire);
    case 'welcome':
      return { type: 'welcome', data: welcomeFromWire(requireObject(wire, 'data')) };
    case 'goodbye':
      return { type: 'goodbye', data: goodbyeFromWire(requireObject(wire, 'data')) };
    case 'ping':
      return { type: 'ping' };
    case 'pong':
      return { type: 'pong', timestamp: requireInteger(wire, 'timestamp') };
    default:
      throw new DecodeError('WSC_INVALID_ENVELOPE', { message: 'The "type" of the envelope is not known here.' });
  }
}

function readNotify(wire: WireObject): ServerNotifyEnvelope {
  const event = requireString(wire, 'event');
  if (!isName(event)) throw new DecodeError('WSC_INVALID_NAME', { message: '"event" is not a name.' });
  const envelope: Mutable<ServerNotifyEnvelope> = {
    type: 'notify',
    event,
    id: requireString(wire, 'id'),
    data: wire['data'],
    timestamp: requireInteger(wire, 'timestamp'),
  };
  readSender(wire, envelope);
  readPosition(wire, envelope);
  if (wire['ack'] === true) envelope.ack = true;
  return envelope;
}

function readSender(wire: WireObject, into: Mutable<ServerNotifyEnvelope>): void {
  const from = optionalString(wire, 'from');
  const fromName = optionalString(wire, 'from_name');
  const to = optionalString(wire, 'to');
  const room = optionalString(wire, 'room');
  if (from !== undefined) into.from = from;
  if (fromName !== undefined) into.fromName = fromName;
  if (to !== undefined) into.to = to;
  if (room !== undefined) into.room = room;
}

function readPosition(wire: WireObject, into: Mutable<ServerNotifyEnvelope>): void {
  const offset = optionalInteger(wire, 'offset');
  const epoch = optionalString(wire, 'epoch');
  const prevOffset = optionalInteger(wire, 'prev_offset');
  if (offset !== undefined) into.offset = offset;
  if (epoch !== undefined) into.epoch = epoch;
  if (prevOffset !== undefined) into.prevOffset = prevOffset;
}

function readResponse(wire: WireObject): ResponseEnvelope {
  return {
    type: 'response',
    form: 'wsc',
    requestId: requireString(wire, 'request_id'),
    data: wire['data'],
    ...(wire['more'] === true && { more: true }),
    traceId: requireString(wire, 'trace_id'),
    timestamp: requireInteger(wire, 'timestamp'),
  };
}

function readError(wire: WireObject): ErrorEnvelope {
  const requestId = optionalString(wire, 'request_id');
  const retryAfterMs = optionalInteger(wire, 'retry_after_ms');
  const code = requireInteger(wire, 'code');
  return {
    type: 'error',
    form: 'wsc',
    ...(requestId !== undefined && { requestId }),
    code,
    error: errorNameFor(requireString(wire, 'error'), code),
    message: requireString(wire, 'message'),
    ...(wire['details'] !== undefined && { details: wire['details'] }),
    ...(retryAfterMs !== undefined && { retryAfterMs }),
    traceId: requireString(wire, 'trace_id'),
    timestamp: requireInteger(wire, 'timestamp'),
  };
}

function encode(envelope: ClientEnvelope): string {
  switch (envelope.type) {
    case 'request':
      if (envelope.form === 'stock') return JSON.stringify({ event: envelope.event, data: envelope.data });
      return writeMessage(envelope, envelope.requestId);
    case 'notify':
      return writeMessage(envelope, undefined);
    case 'ack':
      return JSON.stringify(envelope.ids.length === 1 ? { type: 'ack', id: envelope.ids[0] } : envelope);
    case 'ping':
      return '{"type":"ping"}';
    case 'pong':
      return '{"type":"pong"}';
  }
}

function writeMessage(
  envelope: Extract<ClientEnvelope, { readonly event: string }>,
  requestId: string | undefined,
): string {
  return JSON.stringify({
    type: envelope.type,
    event: envelope.event,
    request_id: requestId,
    data: envelope.data,
    id: envelope.id,
    traceparent: envelope.traceparent,
  });
}
