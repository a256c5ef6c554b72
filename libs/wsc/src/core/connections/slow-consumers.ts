import type { EventBus } from '../extensions/events.js';
import type { DropPolicy } from '../outbox/backpressure.js';
import type { EncodedMessage } from '../outbox/encoded-message.js';
import type { Clock, Timer } from '../ports/clock.js';
import { identityOf } from '../rooms/membership.js';
import type { Counters } from '../stats.js';
import type { Connection } from './connection.js';

/** What {@link SlowConsumers} works with. */
export interface SlowConsumersDependencies {
  readonly clock: Clock;
  readonly events: EventBus;
  readonly counters: Counters;
}

/** What was dropped of one room for one connection since the last event. */
interface DropCount {
  policy: DropPolicy;
  count: number;
}

const coalesceMs = 1_000;

/**
 * Counts what backpressure costs, and tells of dropped messages by `message.dropped`: for each connection and room at most once a
 * second, since a slow consumer drops as fast as others send. Collects nothing while nobody listens.
 */
export class SlowConsumers {
  readonly #deps: SlowConsumersDependencies;
  readonly #untold = new Map<Connection, Map<string, DropCount>>();
  #timer: Timer | undefined;

  constructor(dependencies: SlowConsumersDependencies) {
    this.#deps = dependencies;
  }

  /** A policy let go of `message`: one that was queued, or the one that was just sent, which its sender counts. */
  dropped(connection: Connection, { room, backpressure }: EncodedMessage, wasQueued: boolean): void {
    if (backpressure === 'make-room' || backpressure === 'close' || backpressure === 'catch-up') return;
    const { counters, events } = this.#deps;
    counters.droppedByPolicy[backpressure] += 1;
    if (wasQueued) counters.droppedMessages += 1;
    if (events.hasListeners('message.dropped')) this.#collect(connection, room, backpressure);
  }

  /** Its outbox is full, and it will get a room's messages from the store. */
  fellBehind(): void {
    this.#deps.counters.fallenBehind += 1;
  }

  /** Its outbox was given up, and it is closed with 4008. */
  closed(): void {
    this.#deps.counters.closedSlowConsumers += 1;
  }

  /** Tells of what was not told yet. */
  close(): void {
    this.#timer?.cancel();
    this.#tell();
  }

  #collect(connection: Connection, room: string, policy: DropPolicy): void {
    let rooms = this.#untold.get(connection);
    if (rooms === undefined) this.#untold.set(connection, (rooms = new Map<string, DropCount>()));
    const known = rooms.get(room);
    if (known === undefined) rooms.set(room, { policy, count: 1 });
    else {
      known.policy = policy;
      known.count += 1;
    }
    this.#timer ??= this.#deps.clock.after(coalesceMs, this.#tell);
  }

  readonly #tell = (): void => {
    this.#timer = undefined;
    for (const [connection, rooms] of this.#untold) {
      const identity = identityOf(connection);
      for (const [room, { policy, count }] of rooms) {
        this.#deps.events.emit('message.dropped', { ...identity, room, data: { policy, count } });
      }
    }
    this.#untold.clear();
  };
}
