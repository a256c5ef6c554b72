import { ConnectionGroups } from '../connections/connection-groups.js';
import type { Connection } from '../connections/connection.js';

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

/** A named destination: the connections of this node that hear it. */
export class Room {
  readonly name: string;
  readonly createdAt: number;
  /** Who hears it: members and subscribers. */
  readonly audience = new ConnectionGroups();
  /** The others are members. Few rooms have any. */
  readonly #subscribers = new Set<Connection>();
  #options: RoomOptions | undefined;

  constructor(name: string, createdAt: number) {
    this.name = name;
    this.createdAt = createdAt;
  }

  get memberCount(): number {
    return this.audience.size - this.#subscribers.size;
  }

  get maxMembers(): number {
    return this.#options?.maxMembers ?? 0;
  }

  /** Whether the application created it, so that it outlives its last member. */
  get isKept(): boolean {
    return this.#options !== undefined;
  }

  get isEmpty(): boolean {
    return this.audience.size === 0;
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

  keep(options: RoomOptions): void {
    this.#options = { ...this.#options, ...options };
  }

  isMember(connection: Connection): boolean {
    return this.roleOf(connection) === 'member';
  }

  /** How a connection hears it; undefined where it does not. */
  roleOf(connection: Connection): Role | undefined {
    if (!this.audience.has(connection)) return undefined;
    return this.#subscribers.has(connection) ? 'subscriber' : 'member';
  }

  addMember(connection: Connection): void {
    this.audience.add(connection);
    this.#subscribers.delete(connection);
  }

  /** A member stays one. */
  addSubscriber(connection: Connection): void {
    if (this.audience.add(connection)) this.#subscribers.add(connection);
  }

  /** Answers what it was. */
  remove(connection: Connection): Role | undefined {
    const was = this.roleOf(connection);
    this.audience.delete(connection);
    this.#subscribers.delete(connection);
    return was;
  }
}
