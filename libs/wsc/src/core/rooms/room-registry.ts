import { parseName, WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { HubLimits } from '../hub-options.js';
import type { Clock } from '../ports/clock.js';
import type { NamespaceTable } from './namespace-table.js';
import { Room, type Role, type RoomOptions } from './room.js';

/** What a {@link RoomRegistry} needs. */
export interface RoomRegistryOptions {
  readonly clock: Clock;
  readonly namespaces: NamespaceTable;
  readonly limits: () => HubLimits;
  /** Connections of this node of one user. */
  readonly connectionsOf: (userId: string) => Iterable<Connection>;
}

/** The rooms of this node, within their limits. Empty rooms that nobody created are cleaned up. */
export class RoomRegistry {
  readonly #options: RoomRegistryOptions;
  readonly #rooms = new Map<string, Room>();

  constructor(options: RoomRegistryOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#rooms.size;
  }

  get(name: string): Room | undefined {
    return this.#rooms.get(name);
  }

  all(): IterableIterator<Room> {
    return this.#rooms.values();
  }

  /**
   * Makes a room that stays when it is empty, or gives an existing one these options.
   * @throws {WscError} WSC_INVALID_NAME; WSC_LIMIT_EXCEEDED at the node's limit of rooms.
   */
  create(name: string, options: RoomOptions): Room {
    const room = this.#getOrMake(parseName(name, 'room'));
    room.keep(options);
    return room;
  }

  /**
   * Adds a connection at once. Answers what it was before.
   * @throws {WscError} WSC_LIMIT_EXCEEDED, naming the limit.
   */
  enter(connection: Connection, name: string, role: Role): Role | undefined {
    const known = this.#rooms.get(name);
    const was = known?.roleOf(connection);
    if (was === undefined) this.#checkConnection(connection, name);
    if (role === 'member' && was !== 'member' && known !== undefined) this.#checkMembers(known);
    const room = known ?? this.#getOrMake(name);
    // Where there is history, it hears nothing before it is known from which place on.
    const isBehind = this.#options.namespaces.of(name)?.history !== undefined;
    if (role === 'member') room.addMember(connection, isBehind);
    else room.addSubscriber(connection, isBehind);
    connection.entered(name);
    return was;
  }

  /** Removes a connection at once. Answers what it was. */
  exit(connection: Connection, name: string): Role | undefined {
    const room = this.#rooms.get(name);
    const was = room?.remove(connection);
    connection.exited(name);
    if (room?.isEmpty === true && !room.isKept) this.#rooms.delete(name);
    return was;
  }

  /** Removes the room and everybody in it. Answers who was, and as what. */
  delete(name: string): readonly { readonly connection: Connection; readonly was: Role | undefined }[] {
    const room = this.#rooms.get(name);
    if (room === undefined) return [];
    this.#rooms.delete(name);
    return Array.from(room.connections(), (connection) => {
      connection.exited(name);
      return { connection, was: room.roleOf(connection) };
    });
  }

  #getOrMake(name: string): Room {
    const known = this.#rooms.get(name);
    if (known !== undefined) return known;
    const { maxRooms } = this.#options.limits();
    if (maxRooms > 0 && this.#rooms.size >= maxRooms) throw limitExceeded(`There may be ${String(maxRooms)} rooms.`);
    const room = new Room(name, this.#options.clock.now());
    this.#rooms.set(name, room);
    return room;
  }

  #checkMembers(room: Room): void {
    const ofNamespace = this.#options.namespaces.of(room.name)?.maxMembers ?? 0;
    const max = [room.maxMembers, ofNamespace, this.#options.limits().maxRoomMembers].find((limit) => limit > 0) ?? 0;
    if (max > 0 && room.memberCount >= max) throw limitExceeded(`The room may have ${String(max)} members.`);
  }

  #checkConnection(connection: Connection, name: string): void {
    const { maxRoomsPerConnection, maxRoomsPerUser } = this.#options.limits();
    if (maxRoomsPerConnection > 0 && connection.roomCount >= maxRoomsPerConnection) {
      throw limitExceeded(`A connection may be in ${String(maxRoomsPerConnection)} rooms.`);
    }
    if (maxRoomsPerUser === 0 || connection.userId === undefined) return;
    const rooms = new Set<string>();
    for (const other of this.#options.connectionsOf(connection.userId)) for (const room of other.rooms) rooms.add(room);
    // One that another of the user's devices is in counts once.
    if (rooms.size >= maxRoomsPerUser && !rooms.has(name))
      throw limitExceeded(`A user may be in ${String(maxRoomsPerUser)} rooms.`);
  }
}

function limitExceeded(message: string): WscError {
  return new WscError('WSC_LIMIT_EXCEEDED', { message });
}
