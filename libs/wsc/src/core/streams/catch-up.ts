import type { Connection } from '../connections/connection.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { StreamEntry, StreamPosition } from '../ports/streams.js';
import type { Room } from '../rooms/room.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import type { EntryDelivery } from './entry-delivery.js';
import type { RoomCursor } from './room-cursor.js';
import type { RoomFeeds } from './room-feeds.js';
import type { Page, SharedPages } from './shared-pages.js';

/** What a {@link CatchUp} works with. */
export interface CatchUpDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pages: SharedPages;
  readonly feeds: RoomFeeds;
  readonly rooms: RoomRegistry;
  readonly entries: EntryDelivery;
}

const retryMs = 1_000;

/**
 * Brings connections that are behind a room's stream up to it, from the store, as fast as their links take it; then they hear the room
 * as it happens again. One that has fallen out of what the store keeps is closed with 4010: it must not take a part for the whole.
 */
export class CatchUp {
  readonly #deps: CatchUpDependencies;
  /** The rooms in which a connection waits for its link. */
  readonly #waiting = new Map<Connection, Set<string>>();
  readonly #retries = new Set<Timer>();

  constructor(dependencies: CatchUpDependencies) {
    this.#deps = dependencies;
  }

  /** Lets a connection that is held in a room begin, after `position`. */
  begin(connection: Connection, room: string, position: StreamPosition): void {
    const cursor = this.#deps.rooms.get(room)?.behind.get(connection);
    if (cursor === undefined || cursor.position !== undefined) return;
    cursor.position = position;
    this.#run(connection, room, cursor);
  }

  /** The outbox of a connection could not take the entry after `position`; the last one that it got is at `prevOffset`. */
  fellBehind(
    connection: Connection,
    {
      room,
      position,
      prevOffset,
    }: { readonly room: Room; readonly position: StreamPosition; readonly prevOffset: number },
  ): void {
    const cursor = room.fallBehind(connection);
    cursor.position = position;
    if (prevOffset !== position.offset) cursor.prevOffset = prevOffset;
    this.#waitForLink(connection, room.name);
  }

  /** The link of a connection has taken everything that was queued. */
  drained(connection: Connection): void {
    const rooms = this.#waiting.get(connection);
    if (rooms === undefined) return;
    this.#waiting.delete(connection);
    for (const room of rooms) this.#continue(connection, room);
  }

  /** A room's feed has gone on. */
  advanced(room: string): void {
    const behind = this.#deps.rooms.get(room)?.behind;
    if (behind === undefined || behind.size === 0) return;
    const position = this.#deps.feeds.positionOf(room);
    for (const [connection, cursor] of behind) {
      if (cursor.position === undefined) continue;
      // The others read on by themselves. After a loss all of them look, and find it out.
      const { offset, epoch } = cursor.position;
      if (offset === position?.offset || epoch !== position?.epoch) this.#run(connection, room, cursor);
    }
  }

  forget(connection: Connection): void {
    this.#waiting.delete(connection);
  }

  close(): void {
    for (const timer of this.#retries) timer.cancel();
    this.#retries.clear();
    this.#waiting.clear();
    this.#deps.pages.close();
  }

  #continue(connection: Connection, room: string): void {
    const cursor = this.#deps.rooms.get(room)?.behind.get(connection);
    if (cursor !== undefined) this.#run(connection, room, cursor);
  }

  #run(connection: Connection, room: string, cursor: RoomCursor): void {
    cursor.isDue = true;
    if (cursor.isRunning) return;
    cursor.isRunning = true;
    this.#readOn(connection, room, cursor)
      .catch((cause: unknown) => {
        this.#deps.logger.debug('What a connection missed could not be read; it will be tried again.', { room, cause });
        this.#retryLater(connection, room);
      })
      .finally(() => {
        cursor.isRunning = false;
        if (cursor.isDue) this.#continueWith(connection, room, cursor);
      });
  }

  #continueWith(connection: Connection, room: string, cursor: RoomCursor): void {
    if (this.#isCurrent(connection, room, cursor)) this.#run(connection, room, cursor);
  }

  /** Until it has caught up, waits for its link or for the feed, or is gone. */
  async #readOn(connection: Connection, room: string, cursor: RoomCursor): Promise<void> {
    for (;;) {
      cursor.isDue = false;
      if (!this.#isCurrent(connection, room, cursor) || this.#hasCaughtUp(connection, room, cursor)) return;
      if (connection.isBlocked) {
        this.#waitForLink(connection, room);
        return;
      }
      if (!(await this.#readPage(connection, room, cursor)) && !isDue(cursor)) return;
      // What was pushed leaves at the end of the turn; then it is known whether the link takes more.
      await this.#nextTurn();
    }
  }

  /** Answers false where there is nothing more to read for now. */
  async #readPage(connection: Connection, room: string, cursor: RoomCursor): Promise<boolean> {
    const since = cursor.position;
    if (since === undefined) return false;
    const page = await this.#deps.pages.read(room, since);
    const { read } = page;
    if (!this.#isCurrent(connection, room, cursor)) return false;
    if (read.status !== 'ok') {
      connection.close('insufficientState');
      return false;
    }
    for (const entry of read.entries) if (!this.#push(connection, cursor, { entry, page, epoch: since.epoch })) break;
    // What the store has and this node has not heard of yet.
    this.#deps.feeds.seen(room, read.top);
    return read.entries.length > 0;
  }

  /** Answers false where its outbox has no place. */
  #push(
    connection: Connection,
    cursor: RoomCursor,
    { entry, page, epoch }: { readonly entry: StreamEntry; readonly page: Page; readonly epoch: string },
  ): boolean {
    const before = entry.offset - 1;
    if (entry.exceptConnectionId === connection.id) {
      cursor.prevOffset ??= before;
    } else {
      const { prevOffset } = cursor;
      if (!this.#deps.entries.toOne(connection, { encoder: page.encoderOf(entry), prevOffset })) return false;
      cursor.prevOffset = undefined;
    }
    cursor.position = { offset: entry.offset, epoch };
    return true;
  }

  /** Whether it is where the feed is, so that it hears what follows as it happens. */
  #hasCaughtUp(connection: Connection, room: string, { position, prevOffset }: RoomCursor): boolean {
    const top = this.#deps.feeds.positionOf(room);
    if (top === undefined || position?.epoch !== top.epoch || position.offset !== top.offset) return false;
    this.#deps.rooms.get(room)?.catchUp(connection, prevOffset);
    return true;
  }

  /** It may have left the room, or be in it anew. */
  #isCurrent(connection: Connection, room: string, cursor: RoomCursor): boolean {
    return !connection.isClosed && this.#deps.rooms.get(room)?.behind.get(connection) === cursor;
  }

  #waitForLink(connection: Connection, room: string): void {
    const rooms = this.#waiting.get(connection);
    if (rooms === undefined) this.#waiting.set(connection, new Set([room]));
    else rooms.add(room);
  }

  #retryLater(connection: Connection, room: string): void {
    const timer = this.#deps.clock.after(retryMs, () => {
      this.#retries.delete(timer);
      this.#continue(connection, room);
    });
    this.#retries.add(timer);
  }

  #nextTurn(): Promise<void> {
    return new Promise((resolve) => this.#deps.clock.nextTurn(resolve));
  }
}

/** Somebody may have asked for more while it was read. */
function isDue(cursor: RoomCursor): boolean {
  return cursor.isDue;
}
