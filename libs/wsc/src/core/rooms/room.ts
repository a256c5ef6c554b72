import { ConnectionGroups } from '../connections/connection-groups.js';
import type { Connection } from '../connections/connection.js';
import { RoomCursor } from '../streams/room-cursor.js';

/** What a room is created with. */
export interface RoomOptions {
  /** The application's own facts about the room. */
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** Members; 0: the namespace's or the node's limit holds. @default 0 */
  readonly maxMembers?: number;
}

/** How a connection hears a room: counted among its members, or only listening. */
export type Role = 'member' | 'subscriber';

/** How a connection is put into a room. */
export interface JoinOptions {
  /** A subscriber hears the room without being counted or announced. @default 'member' */
  readonly role?: Role;
}

/** What is known of a room on this node. */
export interface RoomInfo {
  readonly room: string;
  readonly metadata: Readonly<Record<string, unknown>>;
  /** 0: no limit of its own. */
  readonly maxMembers: number;
  /** Connections of this node that are members. */
  readonly members: number;
  /** Connections of this node that only listen. */
  readonly subscribers: number;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** Whether it was created by the application and so stays when it is empty. */
  readonly isKept: boolean;
}

const nobody: ReadonlyMap<Connection, never> = new Map<Connection, never>();

/** A named destination: the connections of this node that hear it. */
export class Room {
  readonly name: string;
  readonly createdAt: number;
  /** Who hears it as it happens: members and subscribers, but for those that are behind. */
  readonly audience = new ConnectionGroups();
  /** The others are members. Few rooms have any. */
  readonly #subscribers = new Set<Connection>();
  /** Who gets its stored messages from the store for now; made where there is history. */
  #behind: Map<Connection, RoomCursor> | undefined;
  /** The last offset that somebody got who was left out of what followed. */
  #skipped: Map<Connection, number> | undefined;
  #options: RoomOptions | undefined;

  constructor(name: string, createdAt: number) {
    this.name = name;
    this.createdAt = createdAt;
  }

  get memberCount(): number {
    return this.#size - this.#subscribers.size;
  }

  get maxMembers(): number {
    return this.#options?.maxMembers ?? 0;
  }

  /** Whether the application created it, so that it outlives its last member. */
  get isKept(): boolean {
    return this.#options !== undefined;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  get info(): RoomInfo {
    return {
      room: this.name,
      metadata: this.#options?.metadata ?? {},
      maxMembers: this.maxMembers,
      members: this.memberCount,
      subscribers: this.#subscribers.size,
      createdAt: this.createdAt,
      isKept: this.isKept,
    };
  }

  /** Those that are behind, and where. */
  get behind(): ReadonlyMap<Connection, RoomCursor> {
    return this.#behind ?? nobody;
  }

  keep(options: RoomOptions): void {
    this.#options = { ...this.#options, ...options };
  }

  isMember(connection: Connection): boolean {
    return this.roleOf(connection) === 'member';
  }

  /** How a connection hears it; undefined where it does not. */
  roleOf(connection: Connection): Role | undefined {
    if (!this.#has(connection)) return undefined;
    return this.#subscribers.has(connection) ? 'subscriber' : 'member';
  }

  /** Everybody, in no promised order. */
  *connections(): Iterable<Connection> {
    yield* this.audience.connections();
    yield* this.behind.keys();
  }

  /** @param isBehind whether it is held, where it was not in the room before. */
  addMember(connection: Connection, isBehind = false): void {
    this.#add(connection, isBehind);
    this.#subscribers.delete(connection);
  }

  /** A member stays one. */
  addSubscriber(connection: Connection, isBehind = false): void {
    if (this.#add(connection, isBehind)) this.#subscribers.add(connection);
  }

  /** Answers what it was. */
  remove(connection: Connection): Role | undefined {
    const was = this.roleOf(connection);
    this.audience.delete(connection);
    this.#behind?.delete(connection);
    this.#skipped?.delete(connection);
    this.#subscribers.delete(connection);
    return was;
  }

  /** Takes a connection that is in it out of those that hear it as it happens, with a new cursor. */
  fallBehind(connection: Connection): RoomCursor {
    const cursor = new RoomCursor();
    cursor.prevOffset = this.takeSkipped(connection);
    this.audience.delete(connection);
    (this.#behind ??= new Map<Connection, RoomCursor>()).set(connection, cursor);
    return cursor;
  }

  /** It has caught up. @param prevOffset where it was left out of the last entries. */
  catchUp(connection: Connection, prevOffset: number | undefined): void {
    if (this.#behind?.delete(connection) !== true) return;
    if (prevOffset !== undefined) this.skip(connection, prevOffset);
    this.audience.add(connection);
  }

  /** Leaves it out of an entry. @param prevOffset the one before, which it got unless it was left out of that too. */
  skip(connection: Connection, prevOffset: number): void {
    this.#skipped ??= new Map<Connection, number>();
    if (!this.#skipped.has(connection)) this.#skipped.set(connection, prevOffset);
  }

  /** Whether anybody was left out of an entry since the last one that it got. */
  get hasSkipped(): boolean {
    return this.#skipped !== undefined && this.#skipped.size > 0;
  }

  /** The last offset that it got, where it was left out since then; that is forgotten now. */
  takeSkipped(connection: Connection): number | undefined {
    const prevOffset = this.#skipped?.get(connection);
    if (prevOffset !== undefined) this.#skipped?.delete(connection);
    return prevOffset;
  }

  get #size(): number {
    return this.audience.size + (this.#behind?.size ?? 0);
  }

  #has(connection: Connection): boolean {
    return this.audience.has(connection) || this.#behind?.has(connection) === true;
  }

  #add(connection: Connection, isBehind: boolean): boolean {
    if (this.#has(connection)) return false;
    if (isBehind) this.fallBehind(connection);
    else this.audience.add(connection);
    return true;
  }
}
