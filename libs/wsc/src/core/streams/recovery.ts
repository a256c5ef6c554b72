import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { StreamPosition, StreamReadLimit, Streams } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import type { Counters } from '../stats.js';
import type { CatchUp } from './catch-up.js';
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
   * @param since where its client was.
   * @throws {WscError} WSC_UNAVAILABLE; one that was in the room before is brought up from `since` all the same, once that is possible.
   */
  async prepare(connection: Connection, room: string, since?: StreamPosition): Promise<RoomStart> {
    const history = this.#deps.namespaces.of(room)?.history;
    if (history === undefined) return since === undefined ? {} : { recovered: false, reason: 'disabled' };
    if (since !== undefined) return this.#recover(connection, room, since);
    const cursor = this.#deps.rooms.get(room)?.behind.get(connection);
    // It is in the room already, and what it is behind by follows still.
    if (cursor?.position !== undefined) return { position: cursor.position };
    const top = this.#topOf(room);
    return { position: history.latestValue && cursor !== undefined ? await this.#beforeNewest(room, top) : top };
  }

  /** Its client knows where it goes on: it hears what follows. */
  release(connection: Connection, room: string, { position }: RoomStart): void {
    if (position !== undefined) this.#deps.catchUp.begin(connection, room, position);
  }

  async #recover(connection: Connection, name: string, since: StreamPosition): Promise<RoomStart> {
    const { rooms, streams, feeds, counters } = this.#deps;
    const room = rooms.get(name);
    // It hears nothing more until its client knows from where on, and the client says itself what it has.
    if (room?.roleOf(connection) !== undefined) room.fallBehind(connection).prevOffset = undefined;
    const read = await streams.read(name, since, aLook);
    feeds.seen(name, read.top);
    if (read.status === 'ok') {
      counters.recoveries += 1;
      return { position: since, recovered: true, to: read.top.offset };
    }
    counters.failedRecoveries += 1;
    return { position: read.top, recovered: false, reason: read.status };
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
    throw new WscError('WSC_UNAVAILABLE', { message: 'The connection is not in the room any more.' });
  }
}
