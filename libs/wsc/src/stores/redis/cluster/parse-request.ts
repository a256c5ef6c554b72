import { isName, isUserId, type CloseCode } from '@nest-wsc/protocol';
import type { OutboundMessage } from '../../../core/messages/message.js';
import type { ClusterRequest, DepartedUser } from '../../../core/ports/cluster.js';
import { isWireObject, type WireObject } from '../../shared/wire-object.js';

/** What another node asks; undefined for what is none of it. */
export function parseRequest(wire: unknown): ClusterRequest | undefined {
  if (!isWireObject(wire)) return undefined;
  switch (wire['kind']) {
    case 'stats':
      return { kind: 'stats' };
    case 'revoked':
      return typeof wire['tokenId'] === 'string' ? { kind: 'revoked', tokenId: wire['tokenId'] } : undefined;
    case 'departed':
      return parseDeparted(wire);
    case 'closeUser':
      return parseCloseUser(wire);
    case 'closeRoom':
      return parseCloseRoom(wire);
    default:
      return parseOfConnection(wire);
  }
}

function parseOfConnection(wire: WireObject): ClusterRequest | undefined {
  const { kind, connectionId } = wire;
  if (typeof connectionId !== 'string') return undefined;
  switch (kind) {
    case 'closeConnection': {
      const closeCode = parseCloseCode(wire['closeCode']);
      return closeCode && { kind, connectionId, closeCode };
    }
    case 'send': {
      const message = parseOutboundMessage(wire['message']);
      return message && { kind, connectionId, message };
    }
    case 'join': {
      const { room, role } = wire;
      return isName(room) && (role === 'member' || role === 'subscriber')
        ? { kind, connectionId, room, role }
        : undefined;
    }
    case 'leave':
      return isName(wire['room']) ? { kind, connectionId, room: wire['room'] } : undefined;
    default:
      return undefined;
  }
}

function parseCloseUser({ userId, closeCode: wire }: WireObject): ClusterRequest | undefined {
  const closeCode = parseCloseCode(wire);
  return closeCode && isUserId(userId) ? { kind: 'closeUser', userId, closeCode } : undefined;
}

function parseCloseRoom({ room, reason, message: wire }: WireObject): ClusterRequest | undefined {
  if (!isName(room) || typeof reason !== 'string') return undefined;
  if (wire === undefined) return { kind: 'closeRoom', room, reason };
  const message = parseOutboundMessage(wire);
  return message && { kind: 'closeRoom', room, reason, message };
}

function parseDeparted({ users: wire, withinMs }: WireObject): ClusterRequest | undefined {
  if (!Array.isArray(wire) || typeof withinMs !== 'number' || !(withinMs >= 0)) return undefined;
  const users = wire.map(parseDepartedUser);
  return users.every((user) => user !== undefined) ? { kind: 'departed', users, withinMs } : undefined;
}

function parseDepartedUser(wire: unknown): DepartedUser | undefined {
  if (!isWireObject(wire)) return undefined;
  const { userId, rooms, lastSeen } = wire;
  if (!isUserId(userId) || !Array.isArray(rooms) || !rooms.every(isName)) return undefined;
  return typeof lastSeen === 'number' ? { userId, rooms, lastSeen } : undefined;
}

function parseCloseCode(wire: unknown): CloseCode | undefined {
  if (!isWireObject(wire)) return undefined;
  const { code, reason } = wire;
  if (typeof code !== 'number' || !Number.isInteger(code) || typeof reason !== 'string') return undefined;
  // What a close frame can carry (RFC 6455 §5.5 and §7.4).
  if (code < 1000 || code > 4999 || Buffer.byteLength(reason) > 123) return undefined;
  return { code, reason };
}

function parseOutboundMessage(wire: unknown): OutboundMessage | undefined {
  if (!isWireObject(wire)) return undefined;
  const { id, event, data, priority, timestamp } = wire;
  if (typeof id !== 'string' || !isName(event) || typeof timestamp !== 'number') return undefined;
  if (priority !== 'normal' && priority !== 'high') return undefined;
  const texts = parseTexts(wire);
  const ack = parseAck(wire['ack']);
  if (texts === undefined || ack === undefined) return undefined;
  return { id, event, data, priority, timestamp, ...texts, ...ack };
}

const optionalTexts = ['from', 'fromName', 'room', 'to', 'key'] as const;

/** The optional texts that are there; undefined where one is no text. */
function parseTexts(wire: WireObject): Partial<Record<(typeof optionalTexts)[number], string>> | undefined {
  const texts: Partial<Record<(typeof optionalTexts)[number], string>> = {};
  for (const field of optionalTexts) {
    const text = wire[field];
    if (text === undefined) continue;
    if (typeof text !== 'string') return undefined;
    texts[field] = text;
  }
  return texts;
}

function parseAck(wire: unknown): Pick<OutboundMessage, 'ack'> | undefined {
  if (wire === undefined) return {};
  if (!isWireObject(wire) || typeof wire['attempt'] !== 'number') return undefined;
  return { ack: { attempt: wire['attempt'] } };
}
