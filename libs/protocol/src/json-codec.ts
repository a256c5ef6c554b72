import { DecodeError, type DecodeErrorName, type DecodeLimits, type ServerCodec } from './codec.js';
import type {
  AckEnvelope,
  ClientEnvelope,
  ClientNotifyEnvelope,
  ErrorEnvelope,
  RequestEnvelope,
  ResponseEnvelope,
  ServerEnvelope,
  ServerNotifyEnvelope,
} from './envelopes.js';
import type { Mutable } from './fields.js';
import { parseJsonObject } from './json-text.js';
import { idRule, isId, isName, maxAckIds, nameRule } from './names.js';
import { findStructureFault, type WireObject } from './structure.js';
import { isTraceparent } from './traceparent.js';
import { goodbyeToWire, welcomeToWire } from './wire-data.js';

/** The server's side of `wsc.v1.json`, which also speaks Nest's own `{event,data}` (PROTOCOL.md §2 and §3). */
export const jsonCodec = Object.freeze({
  subprotocol: 'wsc.v1.json',
  isBinary: false,
  canAck: true,
  decode,
  encode,
}) satisfies ServerCodec;

function decode(payload: string | Uint8Array, limits: DecodeLimits): ClientEnvelope {
  const wire = parseJsonObject(payload);
  const fault = findStructureFault(wire, limits);
  if (fault !== undefined) throw invalidEnvelope(wire, fault);
  switch (wire['type']) {
    case undefined:
      return { type: 'request', form: 'stock', event: readEvent(wire), data: wire['data'] };
    case 'request':
      return readRequest(wire);
    case 'notify':
      return readNotify(wire);
    case 'ack':
      return readAck(wire);
    case 'ping':
      return { type: 'ping' };
    case 'pong':
      return { type: 'pong' };
    default:
      throw invalidEnvelope(wire, '"type" must be one of request, notify, ack, ping, pong.');
  }
}

function readRequest(wire: WireObject): RequestEnvelope {
  const event = readEvent(wire);
  const requestId = wire['request_id'];
  if (!isId(requestId)) throw invalidEnvelope(wire, `"request_id" must be ${idRule}.`);
  const envelope: Mutable<RequestEnvelope> = { type: 'request', form: 'wsc', event, data: wire['data'], requestId };
  readOptions(wire, envelope);
  return envelope;
}

function readNotify(wire: WireObject): ClientNotifyEnvelope {
  const event = readEvent(wire);
  const envelope: Mutable<ClientNotifyEnvelope> = { type: 'notify', form: 'wsc', event, data: wire['data'] };
  readOptions(wire, envelope);
  return envelope;
}

function readEvent(wire: WireObject): string {
  const event = wire['event'];
  if (isName(event)) return event;
  if (typeof event !== 'string') throw invalidEnvelope(wire, '"event" must be a string.');
  throw refusal(wire, 'WSC_INVALID_NAME', `"event" must be ${nameRule}`);
}

function readOptions(wire: WireObject, into: { id?: string; traceparent?: string }): void {
  const { id, traceparent } = wire;
  if (id !== undefined) {
    if (!isId(id)) throw invalidEnvelope(wire, `"id" must be ${idRule}.`);
    into.id = id;
  }
  // A malformed trace context is left out, never an error (W3C Trace Context §3.2.2).
  if (isTraceparent(traceparent)) into.traceparent = traceparent;
}

function readAck(wire: WireObject): AckEnvelope {
  const ids: unknown = wire['ids'] ?? [wire['id']];
  if (!Array.isArray(ids) || ids.length === 0 || ids.length > maxAckIds || !ids.every(isId)) {
    throw invalidEnvelope(wire, `An ack needs an "id", or "ids" with 1 to ${String(maxAckIds)} of them.`);
  }
  return { type: 'ack', ids };
}

function invalidEnvelope(wire: WireObject, message: string): DecodeError {
  return refusal(wire, 'WSC_INVALID_ENVELOPE', message);
}

/** Takes along what the answer can be correlated with, where at least that could be read. */
function refusal(wire: WireObject, error: DecodeErrorName, message: string): DecodeError {
  const { type, event, request_id: requestId } = wire;
  return new DecodeError(error, {
    message,
    form: type === undefined && typeof event === 'string' ? 'stock' : 'wsc',
    ...(isName(event) && { event }),
    ...(isId(requestId) && { requestId }),
  });
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
      return JSON.stringify({ type: 'welcome', data: welcomeToWire(envelope.data) });
    case 'goodbye':
      return JSON.stringify({ type: 'goodbye', data: goodbyeToWire(envelope.data) });
    case 'pong':
      return JSON.stringify({ type: 'pong', timestamp: envelope.timestamp });
    case 'ping':
      return '{"type":"ping"}';
  }
}

function writeNotify(envelope: ServerNotifyEnvelope): string {
  // One literal with every field, so that it keeps one hidden class; JSON.stringify leaves out what is undefined.
  return JSON.stringify({
    type: 'notify',
    event: envelope.event,
    id: envelope.id,
    data: envelope.data,
    from: envelope.from,
    from_name: envelope.fromName,
    to: envelope.to,
    room: envelope.room,
    offset: envelope.offset,
    epoch: envelope.epoch,
    prev_offset: envelope.prevOffset,
    ack: envelope.ack === true ? true : undefined,
    timestamp: envelope.timestamp,
  });
}

function writeResponse(envelope: ResponseEnvelope): string {
  // In an array JSON.stringify writes null for what has no JSON (undefined, a function), where alone it would return undefined.
  if (envelope.form === 'stock') return JSON.stringify([envelope.data]).slice(1, -1);
  // By hand, since it is written for every request: only what has no fixed form goes through JSON.stringify.
  const requestId = envelope.requestId === undefined ? '' : `"request_id":${JSON.stringify(envelope.requestId)},`;
  const data = JSON.stringify(envelope.data);
  const more = envelope.more === true ? ',"more":true' : '';
  const traceId = JSON.stringify(envelope.traceId);
  return (
    `{"type":"response",${requestId}"code":200,"message":"success"${dataField(data)}${more},` +
    `"trace_id":${traceId},"timestamp":${String(envelope.timestamp)}}`
  );
}

/** JSON leaves a field out whose value it has no text for, whatever the type of `JSON.stringify` says. */
function dataField(json: string | undefined): string {
  return json === undefined ? '' : `,"data":${json}`;
}

function writeError(envelope: ErrorEnvelope): string {
  const { code, error, message } = envelope;
  if (envelope.form === 'stock') {
    const data = envelope.body ?? { status: 'error', message, code, error, details: envelope.details };
    return JSON.stringify({ event: 'exception', data });
  }
  return JSON.stringify({
    type: 'error',
    request_id: envelope.requestId,
    code,
    error,
    message,
    details: envelope.details,
    retry_after_ms: envelope.retryAfterMs,
    trace_id: envelope.traceId,
    timestamp: envelope.timestamp,
  });
}
