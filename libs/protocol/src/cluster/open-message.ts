import { defaultDecodeLimits, DecodeError } from '../codec.js';
import { parseJsonObject } from '../json-text.js';
import { isId, isName, isUserId } from '../names.js';
import { findStructureFault, isWireObject, type WireObject } from '../structure.js';

/** Longest payload of an open channel, in bytes. */
const maxPayloadBytes = 1_048_576;
const maxNameTextLength = 256;

/** What a program without this protocol publishes, under one name for each field. */
export interface OpenMessage {
  readonly event: string;
  readonly data: unknown;
  readonly id: string | undefined;
  readonly from: string | undefined;
  readonly fromName: string | undefined;
  readonly priority: 'normal' | 'high';
}

/** What came, or why it could not be read; never with what was in it. */
export type DecodedOpenMessage =
  { readonly ok: true; readonly message: OpenMessage } | { readonly ok: false; readonly fault: string };

/**
 * Reads what any program may publish on an open channel: `{event, data, id?, from?, from_name?, priority?}`, the same with `type` and
 * `content`, or either as `{"message": {…}}`. Never throws.
 */
export function decodeOpenMessage(payload: string | Uint8Array): DecodedOpenMessage {
  return decode(payload, (wire) => {
    const inner = wire['message'];
    return readMessage(isWireObject(inner) && !('event' in wire) && !('type' in wire) ? inner : wire);
  });
}

/** Reads what is published on a channel for notifications: the whole object is the notification. Never throws. */
export function decodeOpenNotification(payload: string | Uint8Array): DecodedOpenMessage {
  return decode(payload, (wire) => {
    const { id } = wire;
    const fields = { from: undefined, fromName: undefined, priority: 'normal' } as const;
    // Its own id may be of another kind (a number of a database): then it is data like everything else.
    return { event: 'notification', data: wire, id: isId(id) ? id : undefined, ...fields };
  });
}

function decode(payload: string | Uint8Array, read: (wire: WireObject) => OpenMessage): DecodedOpenMessage {
  if (payload.length > maxPayloadBytes) return { ok: false, fault: 'The message is too large.' };
  try {
    const wire = parseJsonObject(payload);
    const fault = findStructureFault(wire, defaultDecodeLimits);
    return fault === undefined ? { ok: true, message: read(wire) } : { ok: false, fault };
  } catch (error) {
    return { ok: false, fault: error instanceof DecodeError ? error.message : 'The message could not be read.' };
  }
}

function readMessage(wire: WireObject): OpenMessage {
  const hasEvent = 'event' in wire;
  const event = hasEvent ? wire['event'] : wire['type'];
  if (!isName(event)) throw fault('"event" (or "type") must be the name of an event.');
  return {
    event,
    data: hasEvent ? wire['data'] : wire['content'],
    id: optional(wire, 'id', isId),
    from: optional(wire, 'from', isUserId),
    fromName: optional(wire, 'from_name', isNameText),
    priority: optional(wire, 'priority', isPriority) ?? 'normal',
  };
}

/** `null` is how many languages write what is not there. */
function optional<T>(wire: WireObject, field: string, isGood: (value: unknown) => value is T): T | undefined {
  const value = wire[field];
  if (value === undefined || value === null) return undefined;
  if (isGood(value)) return value;
  throw fault(`"${field}" is not allowed as it is.`);
}

function isNameText(value: unknown): value is string {
  return typeof value === 'string' && value.length <= maxNameTextLength;
}

function isPriority(value: unknown): value is 'normal' | 'high' {
  return value === 'normal' || value === 'high';
}

function fault(message: string): DecodeError {
  return new DecodeError('WSC_INVALID_ENVELOPE', { message });
}
