import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { StreamPosition, StreamReadLimit, Streams } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import type { Counters } from '../stats.js';
import type { CatchUp } from './catch-up.js';
import type { RoomCursor } from './room-cursor.js';
import type { RoomFeeds } from './room-feeds.js';

/** What a {@link Recovery} works with. */
export interface RecoveryDependencies {
  readonly streams: Streams;
  readonly feeds: RoomFeeds;
  readonly rooms: RoomRegistry;
  readonly namespaces: NamespaceTable;
  readonly catchUp: CatchUp;
  readonly counters: Counters;
}

/** Where a connection goes on in a room, as its client is told (PROTOCOL.md §6.2). */
export interface RoomStart {
  /** Everything above it follows, in order; nothing up to it does. Absent: the room keeps no history. */
  readonly position?: StreamPosition;
  /** Whether it is everything since the position that the client asked for; absent where it asked for nothing. */
  readonly recovered?: boolean;
  /** Where it was recovered: the newest entry at that time. */
  readonly to?: number;
  /** Why it was not recovered. */
  readonly reason?: 'epoch' | 'trimmed' | 'disabled';
  /** What holds the connection until it is released. */
  readonly cursor?: RoomCursor;
}

/** How a connection comes into a room. */
export interface RoomArrival {
  /** Whether it was in the room before. */
  readonly wasIn: boolean;
  /** Where its client was. */
  readonly since?: StreamPosition | undefined;
}

/** A connection that hears nothing of a room for now. */
interface Hold {
  readonly connection: Connection;
  readonly room: string;
  readonly cursor: RoomCursor;
}

/** Whether what follows is there; the rest is read as the link takes it. */
const aLook: StreamReadLimit = Object.freeze({ maxMessages: 1, maxBytes: 1 });

/**
 * Decides from which place on a connection hears a room: from where its client was, if the store has everything since then, or from
 * now; never from somewhere in between. "Whole" is decided here; what follows is paced by the link.
 */
export class Recovery {
  readonly #deps: RecoveryDependencies;

  constructor(dependencies: RecoveryDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Where a connection that is in a room goes on; it is held there until {@link Recovery.release}, if what it hears must change.
   * @throws {WscError} WSC_UNAVAILABLE, also where it is not in the room any more; one that was in the room before is brought up from
   * `since` all the same, once that is possible.
   */
  async prepare(connection: Connection, room: string, { wasIn, since }: RoomArrival): Promise<RoomStart> {
    const history = this.#deps.namespaces.of(room)?.history;
    if (history === undefined) return since === undefined ? {} : { recovered: false, reason: 'disabled' };
    if (since !== undefined) return this.#recover(connection, room, { wasIn, since });
    const cursor = this.#deps.rooms.get(room)?.behind.get(connection);
    // It is in the room already, and what it is behind by follows still.
    if (cursor?.position !== undefined) return { position: cursor.position };
    const top = this.#topOf(room);
    // It hears the room as it happens.
    if (cursor === undefined) return { position: top };
    return this.#whileHeld({ connection, room, cursor }, undefined, async () => ({
      position: history.latestValue ? await this.#beforeNewest(room, top) : top,
    }));
  }

  /** Its client knows where it goes on: it hears what follows. */
  release(connection: Connection, room: string, { position, cursor }: RoomStart): void {
    if (cursor === undefined) return;
    const start = cursor.release(position);
    if (start !== undefined && this.#isCurrent({ connection, room, cursor })) {
      this.#deps.catchUp.begin(connection, room, start);
    }
  }

  async #recover(
    connection: Connection,
    room: string,
    { wasIn, since }: RoomArrival & { readonly since: StreamPosition },
  ): Promise<RoomStart> {
    const { streams, feeds, counters } = this.#deps;
    for (;;) {
      const hold = { connection, room, cursor: this.#holdFor(connection, room) };
      const start = await this.#whileHeld(hold, wasIn ? since : undefined, async () => {
        const read = await streams.read(room, since, aLook);
        feeds.seen(room, read.top);
        if (read.status === 'ok') return { position: since, recovered: true, to: read.top.offset };
        return { position: read.top, recovered: false, reason: read.status };
      });
      // The application may have taken it out meanwhile, and put it in again.
      if (!this.#isCurrent(hold)) continue;
      counters[start.recovered === true ? 'recoveries' : 'failedRecoveries'] += 1;
      return start;
    }
  }

  /** It hears nothing more until its client knows from where on, and the client says itself what it has. */
  #holdFor(connection: Connection, name: string): RoomCursor {
    const room = this.#deps.rooms.get(name);
    if (room?.roleOf(connection) === undefined) throw notInRoom();
    const held = room.behind.get(connection);
    const cursor = held === undefined || held.position !== undefined ? room.fallBehind(connection) : held;
    cursor.prevOffset = undefined;
    return cursor;
  }

  /** @param fallback where the connection goes on if `decide` fails; another join may know a place for it too. */
  async #whileHeld(
    { connection, room, cursor }: Hold,
    fallback: StreamPosition | undefined,
    decide: () => Promise<RoomStart>,
  ): Promise<RoomStart> {
    cursor.hold();
    try {
      return { ...(await decide()), cursor };
    } catch (error) {
      this.release(connection, room, { cursor, ...(fallback && { position: fallback }) });
      throw error;
    }
  }

  #isCurrent({ connection, room, cursor }: Hold): boolean {
    return this.#deps.rooms.get(room)?.behind.get(connection) === cursor;
  }

  /** So that the newest message follows, if it is kept still. */
  async #beforeNewest(room: string, top: StreamPosition): Promise<StreamPosition> {
    const before = { ...top, offset: Math.max(0, top.offset - 1) };
    const read = await this.#deps.streams.read(room, before, aLook);
    return read.status === 'ok' && read.entries.length > 0 ? before : top;
  }

  #topOf(room: string): StreamPosition {
    const top = this.#deps.feeds.positionOf(room);
    if (top !== undefined) return top;
    throw notInRoom();
  }
}

/** What a join ends with that others have undone. */
export function notInRoom(): WscError {
  return new WscError('WSC_UNAVAILABLE', { message: 'The connection is not in the room any more.' });
}
