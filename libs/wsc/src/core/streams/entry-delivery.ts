import type { Connection } from '../connections/connection.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import { cannotWrite } from '../messages/delivery.js';
import { MessageEncoder } from '../messages/message-encoder.js';
import type { EncodedMessage } from '../outbox/encoded-message.js';
import type { DeliveryCount } from '../ports/broker.js';
import type { StreamEntry } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { Room } from '../rooms/room.js';
import type { Counters } from '../stats.js';

/** What an {@link EntryDelivery} needs. */
export interface EntryDeliveryDependencies {
  readonly connections: ConnectionRegistry;
  readonly namespaces: NamespaceTable;
  readonly counters: Counters;
}

/** What became of an entry. */
export interface LiveDelivery extends DeliveryCount {
  /** Whose outbox is over its budget, with the last offset that each got: they have fallen behind. */
  readonly shed: ReadonlyMap<Connection, number>;
}

/** Puts the entries of rooms' streams into the outboxes of this node's connections, each with its place. */
export class EntryDelivery {
  readonly #deps: EntryDeliveryDependencies;

  constructor(dependencies: EntryDeliveryDependencies) {
    this.#deps = dependencies;
  }

  /** To all that hear the room as it happens. Never throws: what can't be written is told in the answer. */
  toLive(room: Room, entry: StreamEntry, epoch: string): LiveDelivery {
    const { counters } = this.#deps;
    const shed = new Map<Connection, number>();
    const tally = { queued: 0, dropped: 0 };
    try {
      this.#walk(room, entry, { encoder: this.#encoder(entry, epoch, true), shed, tally });
    } catch (cause) {
      return { ...tally, shed, error: cannotWrite(entry.message.event, cause) };
    } finally {
      counters.messagesSent += tally.queued;
      counters.droppedMessages += tally.dropped;
    }
    return { ...tally, shed };
  }

  /**
   * To one that is behind, with the last offset that it got, where that is not the one before. Answers whether its outbox took it.
   * @throws {TypeError} where its data can't be written.
   */
  toOne(
    connection: Connection,
    { encoder, prevOffset }: { readonly encoder: MessageEncoder; readonly prevOffset: number | undefined },
  ): boolean {
    const { encoding } = connection;
    const encoded =
      prevOffset === undefined ? encoder.encodedFor(encoding, false) : encoder.encodedAfter(prevOffset, encoding);
    const isQueued = connection.pushEncoded(encoded);
    if (isQueued) this.#deps.counters.messagesSent += 1;
    return isQueued;
  }

  /** For {@link EntryDelivery.toOne}. */
  encoderFor(entry: StreamEntry, epoch: string): MessageEncoder {
    return this.#encoder(entry, epoch, false);
  }

  #encoder({ message, offset }: StreamEntry, epoch: string, isBroadcast: boolean): MessageEncoder {
    return new MessageEncoder(message, this.#deps.namespaces, { isBroadcast, position: { offset, epoch } });
  }

  #walk(
    room: Room,
    { offset, exceptConnectionId }: StreamEntry,
    { encoder, shed, tally }: { encoder: MessageEncoder; shed: Map<Connection, number>; tally: Tally },
  ): void {
    const except = exceptConnectionId === undefined ? undefined : this.#deps.connections.get(exceptConnectionId);
    const before = offset - 1;
    // Mostly nobody was left out before; then all of a class share one encoding.
    const { hasSkipped } = room;
    for (const [encoding, connections] of room.audience.groups()) {
      const shared = encoder.encodedFor(encoding, false);
      for (const connection of connections) {
        if (connection.isClosed) continue;
        if (connection === except) {
          room.skip(connection, before);
          continue;
        }
        const prevOffset = hasSkipped ? room.takeSkipped(connection) : undefined;
        const encoded = prevOffset === undefined ? shared : encoder.encodedAfter(prevOffset, encoding);
        if (connection.pushEncoded(encoded)) tally.queued += 1;
        else if (canCatchUp(connection, encoded)) shed.set(connection, prevOffset ?? before);
        else tally.dropped += 1;
      }
    }
  }
}

/** Its outbox has refused, and may have been given up for it. */
function canCatchUp(connection: Connection, { backpressure }: EncodedMessage): boolean {
  return backpressure === 'catch-up' && !connection.isClosed;
}

/** How it went so far. */
interface Tally {
  queued: number;
  dropped: number;
}
