import type { BrokerMessage, DeliveryCount } from '../ports/broker.js';
import type { Cluster } from '../ports/cluster.js';
import type { StreamPosition } from '../ports/streams.js';
import type { InboxReaders } from '../inbox/inbox-readers.js';
import type { RoomFeeds } from '../streams/room-feeds.js';
import type { Delivery } from './delivery.js';
import type { ForeignAcks } from './foreign-acks.js';

/** What an {@link Arrivals} needs. */
export interface ArrivalsDependencies {
  readonly delivery: Delivery;
  readonly feeds: RoomFeeds;
  readonly inboxReaders: InboxReaders;
  readonly foreignAcks: ForeignAcks;
  readonly cluster: Cluster;
}

/** Takes what the broker brings to this node, from here or from others. */
export class Arrivals {
  readonly #deps: ArrivalsDependencies;

  constructor(dependencies: ArrivalsDependencies) {
    this.#deps = dependencies;
  }

  /** Never throws. */
  receive(arrived: BrokerMessage): DeliveryCount {
    const { delivery, cluster } = this.#deps;
    const { ackTo, position, destination } = arrived;
    if (position !== undefined && destination.kind === 'room') return this.#stored(destination.room, arrived, position);
    if (position !== undefined && destination.kind === 'user') return this.#kept(destination.userId, arrived, position);
    if (ackTo === undefined || ackTo === cluster.self.instanceId) return delivery.deliver(arrived);
    return this.#deliverFor(ackTo, arrived);
  }

  #stored(
    room: string,
    { message, exceptConnectionId }: BrokerMessage,
    { offset, epoch }: StreamPosition,
  ): DeliveryCount {
    const entry = { offset, message, ...(exceptConnectionId !== undefined && { exceptConnectionId }) };
    return this.#deps.feeds.arrived(room, entry, epoch);
  }

  /** Whoever waits for an acknowledgement knows that the inbox keeps it, and need not hear to whom it was handed. */
  #kept(userId: string, { message, ackTo }: BrokerMessage, position: StreamPosition): DeliveryCount {
    const { foreignAcks, cluster, inboxReaders } = this.#deps;
    if (ackTo !== undefined && ackTo !== cluster.self.instanceId)
      foreignAcks.expect({ messageId: message.id, userId }, ackTo);
    return inboxReaders.arrived(userId, message, position);
  }

  /** `ackTo` waits for an acknowledgement, and wants to know whether anybody can give one. */
  #deliverFor(ackTo: string, arrived: BrokerMessage): DeliveryCount {
    const { delivery, foreignAcks, cluster } = this.#deps;
    const { destination, message } = arrived;
    if (destination.kind !== 'user') return delivery.deliver(arrived);
    const { userId } = destination;
    // Before it is delivered: the answer may be there before this returns.
    foreignAcks.expect({ messageId: message.id, userId }, ackTo);
    const count = delivery.deliver(arrived);
    cluster.tell(ackTo, {
      kind: 'handed',
      messageId: message.id,
      userId,
      attempt: message.ack?.attempt ?? 1,
      queued: count.queued,
      dropped: count.dropped,
    });
    return count;
  }
}
