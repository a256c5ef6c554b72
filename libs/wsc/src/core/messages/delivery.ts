import { WscError, type ServerNotifyEnvelope } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import { protectedMessage, type EncodedMessage } from '../outbox/encoded-message.js';
import type { Audience, BrokerMessage, DeliveryCount } from '../ports/broker.js';
import type { Encoding } from '../ports/transport.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import type { Counters } from '../stats.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import { isInAudience } from './audience.js';
import type { OutboundMessage } from './message.js';

/** One message, encoded at most once per encoding (and once more for those that are asked to acknowledge it). */
class MessageEncoder {
  readonly #message: OutboundMessage;
  readonly #namespaces: NamespaceTable;
  readonly #isBroadcast: boolean;
  readonly #plain = new Map<Encoding, EncodedMessage>();
  /** Few messages ask for an acknowledgement. */
  #acked: Map<Encoding, EncodedMessage> | undefined;

  constructor(message: OutboundMessage, namespaces: NamespaceTable, isBroadcast: boolean) {
    this.#message = message;
    this.#namespaces = namespaces;
    this.#isBroadcast = isBroadcast;
  }

  encodedFor(encoding: Encoding, ack: boolean): EncodedMessage {
    const cache = ack ? (this.#acked ??= new Map<Encoding, EncodedMessage>()) : this.#plain;
    let encoded = cache.get(encoding);
    if (encoded === undefined) {
      const bytes = encoding.encode(notifyEnvelope(this.#message, ack), { isBroadcast: this.#isBroadcast });
      encoded = this.#withPolicy(bytes, ack);
      cache.set(encoding, encoded);
    }
    return encoded;
  }

  /** Here and not where it is pushed: once per message instead of once per connection. */
  #withPolicy(bytes: Buffer, ack: boolean): EncodedMessage {
    const { priority: lane, room, key, event } = this.#message;
    // Who missed `room_closed` would take itself for a member for ever.
    if (room === undefined || ack || event === 'room_closed') return protectedMessage(bytes, lane);
    const backpressure = this.#namespaces.of(room)?.backpressure ?? 'close';
    return { bytes, lane, room, backpressure, key: key ?? event };
  }
}

/** Puts messages into the outboxes of this node's connections. */
export class Delivery {
  readonly #connections: ConnectionRegistry;
  readonly #rooms: RoomRegistry;
  readonly #namespaces: NamespaceTable;
  readonly #counters: Counters;

  constructor(deps: {
    readonly connections: ConnectionRegistry;
    readonly rooms: RoomRegistry;
    readonly namespaces: NamespaceTable;
    readonly counters: Counters;
  }) {
    this.#connections = deps.connections;
    this.#rooms = deps.rooms;
    this.#namespaces = deps.namespaces;
    this.#counters = deps.counters;
  }

  /** Never throws: what can't be written is counted and told in the answer. */
  deliver({ destination, message, exceptConnectionId }: BrokerMessage): DeliveryCount {
    const except = exceptConnectionId === undefined ? undefined : this.#connections.get(exceptConnectionId);
    switch (destination.kind) {
      case 'everyone':
        return destination.audience === undefined
          ? this.#toGroups(message, this.#connections.everyone.groups(), except)
          : this.toConnections(message, this.#membersOf(destination.audience), except);
      case 'room':
        return this.#toGroups(message, this.#rooms.get(destination.room)?.audience.groups() ?? [], except);
      case 'user':
        return this.toConnections(message, this.#connections.ofUser(destination.userId), except);
    }
  }

  toConnections(message: OutboundMessage, connections: Iterable<Connection>, except?: Connection): DeliveryCount {
    return this.#counted(message, false, (encoder, tally) => {
      for (const connection of connections) {
        // One that closes is gone for its senders, and no drop.
        if (connection === except || connection.isClosed) continue;
        const ack = message.ack !== undefined && connection.canAck;
        if (message.ack !== undefined && message.ack.attempt > 1 && !ack) continue;
        if (connection.pushEncoded(encoder.encodedFor(connection.encoding, ack))) tally.queued += 1;
        else tally.dropped += 1;
      }
    });
  }

  *#membersOf(audience: Audience): Iterable<Connection> {
    for (const connection of this.#connections.all()) if (isInAudience(connection, audience)) yield connection;
  }

  #toGroups(
    message: OutboundMessage,
    groups: Iterable<readonly [Encoding, readonly Connection[]]>,
    except: Connection | undefined,
  ): DeliveryCount {
    return this.#counted(message, true, (encoder, tally) => {
      for (const [encoding, connections] of groups) {
        const encoded = encoder.encodedFor(encoding, false);
        // A copy is not needed: a push never removes a connection from its audience in the same turn's walk.
        for (const connection of connections) {
          if (connection === except || connection.isClosed) continue;
          if (connection.pushEncoded(encoded)) tally.queued += 1;
          else tally.dropped += 1;
        }
      }
    });
  }

  #counted(
    message: OutboundMessage,
    isBroadcast: boolean,
    walk: (encoder: MessageEncoder, tally: Tally) => void,
  ): DeliveryCount {
    const tally = { queued: 0, dropped: 0 };
    try {
      walk(new MessageEncoder(message, this.#namespaces, isBroadcast), tally);
    } catch (cause) {
      return { ...tally, error: cannotWrite(message.event, cause) };
    } finally {
      this.#counters.messagesSent += tally.queued;
      this.#counters.droppedMessages += tally.dropped;
    }
    return tally;
  }
}

/** How it went so far. */
interface Tally {
  queued: number;
  dropped: number;
}

/** A send of data that JSON can't hold is the application's mistake, so it is told which message it was and why. */
export function cannotWrite(event: string, cause: unknown): WscError {
  const why = cause instanceof Error ? cause.message : 'unknown reason';
  return new WscError('WSC_INTERNAL', { message: `The data of "${event}" can't be written: ${why}`, cause });
}

function notifyEnvelope(message: OutboundMessage, ack: boolean): ServerNotifyEnvelope {
  // One literal with every field, so that all of them have one shape.
  return {
    type: 'notify',
    event: message.event,
    id: message.id,
    data: message.data,
    from: message.from,
    fromName: message.fromName,
    to: message.to,
    room: message.room,
    ack,
    timestamp: message.timestamp,
  };
}
