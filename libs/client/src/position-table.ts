import type { ErrorReporter } from './error-reporter.js';
import type { ResolvedOptions } from './options.js';
import type { Position } from './position.js';
import { PositionKeeper } from './position-keeper.js';
import { RoomCursor } from './room-cursor.js';

// More than a gateway lets a connection be in; the server decides how many it puts the client into.
const maxHeardRooms = 100;

/** Where the client is in each of its rooms. */
export class PositionTable {
  readonly #joined = new Map<string, RoomCursor>();
  /** Of rooms that the server has put the client into. */
  readonly #heard = new Map<string, RoomCursor>();
  readonly #keeper: PositionKeeper | undefined;

  constructor({ positions: store, scheduler, connectTimeoutMs }: ResolvedOptions, errors: ErrorReporter) {
    if (store === undefined) return;
    const current = (): Iterable<readonly [string, Position]> =>
      listPositions(this.#joined, ({ handledPosition }) => handledPosition);
    this.#keeper = new PositionKeeper({ store, scheduler, errors, loadTimeoutMs: connectTimeoutMs, current });
  }

  /** Reads what was saved; nothing where that is done already. Never rejects. */
  load(): Promise<void> | undefined {
    return this.#keeper?.load();
  }

  /** Saves now what has changed. */
  save(): void {
    this.#keeper?.save();
  }

  /** Some position has changed. */
  touch(): void {
    this.#keeper?.touch();
  }

  /** Of a room that the client joins. */
  join(room: string): RoomCursor {
    const cursor = this.#joined.get(room) ?? this.#heard.get(room) ?? new RoomCursor(this.#keeper?.get(room));
    this.#heard.delete(room);
    this.#joined.set(room, cursor);
    return cursor;
  }

  /** Of a room that a message came through. */
  hear(room: string): RoomCursor {
    const known = this.get(room);
    if (known !== undefined) return known;
    const cursor = new RoomCursor();
    this.#heard.set(room, cursor);
    const [oldest] = this.#heard.keys();
    if (this.#heard.size > maxHeardRooms && oldest !== undefined) this.#heard.delete(oldest);
    return cursor;
  }

  get(room: string): RoomCursor | undefined {
    return this.#joined.get(room) ?? this.#heard.get(room);
  }

  /** The client is not in the room. What was saved stays. */
  drop(room: string): void {
    this.#joined.delete(room);
    this.#heard.delete(room);
  }

  /** The client is out of the room and will not go on where it was. */
  forget(room: string): void {
    this.drop(room);
    this.#keeper?.forget(room);
  }

  /** What `resume` says to have. */
  current(): Readonly<Record<string, Position>> {
    const all = [...this.#joined, ...this.#heard];
    return Object.fromEntries(listPositions(all, ({ position }) => position));
  }

  /** Holds every room until the returned function is called. */
  hold(): () => void {
    const releases = [...this.#joined.values(), ...this.#heard.values()].map((cursor) => cursor.hold());
    return () => {
      for (const release of releases) release();
    };
  }

  disconnected(): void {
    for (const cursor of this.#joined.values()) cursor.disconnected();
  }

  /** Saves, and is in no room any more. */
  clear(): void {
    this.save();
    this.#joined.clear();
    this.#heard.clear();
  }
}

function* listPositions(
  cursors: Iterable<readonly [room: string, cursor: RoomCursor]>,
  read: (cursor: RoomCursor) => Position | undefined,
): Iterable<readonly [string, Position]> {
  for (const [room, cursor] of cursors) {
    const position = read(cursor);
    if (position !== undefined) yield [room, position];
  }
}
