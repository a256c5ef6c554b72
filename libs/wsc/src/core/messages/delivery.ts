import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { Audience, BrokerMessage, DeliveryCount } from '../ports/broker.js';
import type { Encoding } from '../ports/transport.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { Room } from '../rooms/room.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import type { Counters } from '../stats.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import { isInAudience } from './audience.js';
import { MessageEncoder } from './message-encoder.js';
import type { OutboundMessage } from './message.js';

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
        return this.#toRoom(message, this.#rooms.get(destination.room), except);
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

  /** What no store has goes to those too that are behind what the store has. */
  #toRoom(message: OutboundMessage, room: Room | undefined, except: Connection | undefined): DeliveryCount {
    if (room === undefined) return { queued: 0, dropped: 0 };
    const live = this.#toGroups(message, room.audience.groups(), except);
    if (room.behind.size === 0) return live;
    const behind = this.toConnections(message, room.behind.keys(), except);
    return { ...live, queued: live.queued + behind.queued, dropped: live.dropped + behind.dropped };
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
      walk(new MessageEncoder(message, this.#namespaces, { isBroadcast }), tally);
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
