import { DecodeError, type DecodeErrorName, type DecodeLimits } from '../codec.js';
import type { ClientEnvelope } from '../envelopes.js';
import { parseJsonObject } from '../json-text.js';
import { idRule, isId, isName, nameRule } from '../names.js';
import { findStructureFault, isWireObject, type WireObject } from '../structure.js';

/** What a dialect maps: `type` is the event, and an `id`, where given, asks for an answer. */
export interface DialectMessage {
  readonly wire: WireObject;
  readonly event: string;
  readonly requestId: string | undefined;
}

/**
 * Parses one envelope of a dialect; `read` maps what is no `ping`, `pong` or `ack` (PROTOCOL.md §8).
 *
 * @throws {DecodeError} and nothing else.
 */
export function decodeDialect(
  payload: string | Uint8Array,
  limits: DecodeLimits,
  read: (message: DialectMessage) => ClientEnvelope,
): ClientEnvelope {
  const wire = parseJsonObject(payload);
  const fault = findStructureFault(wire, limits);
  if (fault !== undefined) throw refusal(wire, 'WSC_INVALID_ENVELOPE', fault);
  const { type } = wire;
  if (type === 'ping' || type === 'pong') return { type };
  const requestId = readId(wire);
  if (type === 'ack' && requestId !== undefined) return { type, ids: [requestId] };
  return read({ wire, event: readEvent(wire), requestId });
}

/** A request where an answer is wanted (`id`) or always given, else a notify. */
export function toEnvelope(
  { event, requestId }: DialectMessage,
  data: unknown,
  isAlwaysAnswered: boolean,
): ClientEnvelope {
  if (requestId !== undefined) return { type: 'request', form: 'wsc', event, data, requestId };
  return { type: isAlwaysAnswered ? 'request' : 'notify', form: 'wsc', event, data };
}

/** The data of an event about a room, out of what may be the room's name alone. Whether it is a name is the hub's question. */
export function toRoomData(content: unknown): WireObject {
  return isWireObject(content) ? content : { room: content };
}

/** Whether an optional field was left out. Clients in Go write an unset string as `""`. */
export function isUnset(value: unknown): boolean {
  return value === undefined || value === null || value === '';
}

function readEvent(wire: WireObject): string {
  const { type } = wire;
  if (isName(type)) return type;
  if (typeof type !== 'string') throw refusal(wire, 'WSC_INVALID_ENVELOPE', '"type" must be a string.');
  throw refusal(wire, 'WSC_INVALID_NAME', `"type" must be ${nameRule}`);
}

function readId(wire: WireObject): string | undefined {
  const { id } = wire;
  if (isUnset(id)) return undefined;
  if (isId(id)) return id;
  throw refusal(wire, 'WSC_INVALID_ENVELOPE', `"id" must be ${idRule}.`);
}

/** Takes along what the answer can be correlated with, where at least that could be read. */
function refusal(wire: WireObject, error: DecodeErrorName, message: string): DecodeError {
  const { type, id } = wire;
  return new DecodeError(error, {
    message,
    ...(isName(type) && { event: type }),
    ...(isId(id) && { requestId: id }),
  });
}
