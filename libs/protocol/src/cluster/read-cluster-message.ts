import { DecodeError } from '../codec.js';
import { isId, isMessageKey, isName } from '../names.js';
import { findStructureFault, isWireObject, type WireObject } from '../structure.js';
import { clusterLimits, type ClusterAudience, type ClusterMessage } from './cluster-message.js';

type Metadata = NonNullable<ClusterAudience['metadata']>;

/** @throws {DecodeError} WSC_INVALID_ENVELOPE, without the value that is wrong. */
export function readClusterMessage(value: unknown): ClusterMessage {
  if (!isWireObject(value)) throw fault('A message must be an object.');
  const structureFault = findStructureFault(value, clusterLimits);
  if (structureFault !== undefined) throw fault(structureFault);
  const { except, ack_to: ackTo, audience, offset } = value;
  return {
    message: readMessage(value),
    ...(except !== undefined && { exceptConnectionId: readText(except, 'except') }),
    ...(ackTo !== undefined && { ackTo: readText(ackTo, 'ack_to') }),
    ...(audience !== undefined && { audience: readAudience(audience) }),
    ...(offset !== undefined && { position: readPosition(value) }),
  };
}

function readPosition({ offset, epoch }: WireObject): NonNullable<ClusterMessage['position']> {
  if (typeof epoch !== 'string') throw fault('"offset" needs an "epoch".');
  return { offset: readInteger(offset, 'offset'), epoch: readText(epoch, 'epoch') };
}

function readMessage(wire: WireObject): ClusterMessage['message'] {
  const { id, event, ack } = wire;
  if (!isId(id)) throw fault('"id" is not an id.');
  if (!isName(event)) throw fault('"event" is not a name.');
  const message = {
    id,
    event,
    data: wire['data'],
    from: optionalText(wire, 'from'),
    fromName: optionalText(wire, 'from_name'),
    room: readRoom(wire['room']),
    to: optionalText(wire, 'to'),
    priority: readPriority(wire['priority']),
    key: readKey(wire['key']),
    timestamp: readInteger(wire['timestamp'], 'timestamp'),
  };
  return ack === undefined ? message : { ...message, ack: { attempt: readInteger(ack, 'ack') } };
}

function readRoom(value: unknown): string | undefined {
  if (value === undefined || isName(value)) return value;
  throw fault('"room" is not a name.');
}

function readPriority(value: unknown): 'normal' | 'high' {
  if (value === undefined) return 'normal';
  if (value === 'normal' || value === 'high') return value;
  throw fault('"priority" must be normal or high.');
}

function readKey(value: unknown): string | undefined {
  if (value === undefined || isMessageKey(value)) return value;
  throw fault('"key" is not a key.');
}

function readInteger(value: unknown, field: string): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw fault(`"${field}" must be a whole number from 0.`);
}

function optionalText(wire: WireObject, field: string): string | undefined {
  return wire[field] === undefined ? undefined : readText(wire[field], field);
}

function readText(value: unknown, field: string): string {
  if (typeof value === 'string' && value.length <= clusterLimits.maxTextLength) return value;
  throw fault(`"${field}" must be a text of at most ${String(clusterLimits.maxTextLength)} characters.`);
}

function readAudience(value: unknown): ClusterAudience {
  if (!isWireObject(value)) throw fault('"audience" must be an object.');
  const { user_types: userTypes, rooms, metadata } = value;
  return {
    ...(userTypes !== undefined && { userTypes: readList(userTypes, 'user_types') }),
    ...(rooms !== undefined && { rooms: readList(rooms, 'rooms') }),
    ...(metadata !== undefined && { metadata: readMetadata(metadata) }),
  };
}

function readList(value: unknown, field: string): readonly string[] {
  const list: unknown = value;
  if (!Array.isArray(list) || list.length > clusterLimits.maxAudienceItems) throw fault(`"${field}" must be a list.`);
  return list.map((item: unknown) => readText(item, field));
}

/** The parsed object itself: a copy by assignment would make `__proto__` something else than a key. */
function readMetadata(value: unknown): Metadata {
  if (isWireObject(value) && isMetadata(value)) return value;
  throw fault('"metadata" must be an object of texts, numbers and booleans.');
}

function isMetadata(value: WireObject): value is Metadata {
  const items = Object.values(value);
  return (
    items.length <= clusterLimits.maxAudienceItems &&
    items.every((item) => typeof item === 'string' || typeof item === 'number' || typeof item === 'boolean')
  );
}

function fault(message: string): DecodeError {
  return new DecodeError('WSC_INVALID_ENVELOPE', { message });
}
