import type { SlowConsumers } from '../connections/slow-consumers.js';
import type { DeliveryCount } from '../ports/broker.js';
import type { StreamEntry } from '../ports/streams.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import type { CatchUp } from './catch-up.js';
import type { EntryDelivery } from './entry-delivery.js';

/** What {@link LiveRooms} work with. */
export interface LiveRoomsDependencies {
  readonly rooms: RoomRegistry;
  readonly entries: EntryDelivery;
  readonly catchUp: CatchUp;
  readonly slowConsumers: SlowConsumers;
}

const nobody: DeliveryCount = Object.freeze({ queued: 0, dropped: 0 });

/** Those who hear rooms with history as it happens. */
export class LiveRooms {
  readonly #deps: LiveRoomsDependencies;

  constructor(dependencies: LiveRoomsDependencies) {
    this.#deps = dependencies;
  }

  /** Who reads too slowly falls behind, and gets the entry later. Never throws. */
  deliver(name: string, entry: StreamEntry, epoch: string): DeliveryCount {
    const { rooms, entries, catchUp, slowConsumers } = this.#deps;
    const room = rooms.get(name);
    if (room === undefined) return nobody;
    const { shed, ...count } = entries.toLive(room, entry, epoch);
    for (const [connection, prevOffset] of shed) {
      slowConsumers.fellBehind();
      catchUp.fellBehind(connection, { room, position: { offset: entry.offset - 1, epoch }, prevOffset });
    }
    return count;
  }

  /** What followed can't be had any more: nobody may take what comes for all of it (guarantees G5, G7). */
  lost(name: string): void {
    const live = this.#deps.rooms.get(name)?.audience.connections() ?? [];
    for (const connection of [...live]) connection.close('insufficientState');
  }
}
