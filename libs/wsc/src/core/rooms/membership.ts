import { parseName } from '@nest-wsc/protocol';
import type { Connection } from '../connection.js';
import type { EventBus } from '../events.js';
import type { Sender } from '../messages/sender.js';
import type { Broker } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Presence, PresenceEntry } from '../ports/presence.js';
import type { NamespaceTable } from './namespaces.js';
import type { Role } from './room.js';
import type { RoomRegistry } from './room-registry.js';
import type { UserStatus } from './user-status.js';

export interface MembershipDependencies {
  readonly clock: Clock;
  readonly nodeId: string;
  readonly rooms: RoomRegistry;
  readonly namespaces: NamespaceTable;
  readonly broker: Broker;
  readonly presence: Presence;
  readonly sender: Sender;
  readonly events: EventBus;
  readonly logger: Logger;
  readonly userStatus: UserStatus;
}

/** Puts connections into rooms and out of them, and tells whoever has to know: broker, presence, members, events. */
export class Membership {
  readonly #deps: MembershipDependencies;

  constructor(dependencies: MembershipDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Settles once the connection hears everything that is sent to the room from then on. Joining twice is joining once;
   * a subscriber becomes a member.
   * @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED; WSC_UNAVAILABLE when other nodes can't be reached.
   */
  async join(connection: Connection, name: string, role: Role = 'member'): Promise<void> {
    const room = parseName(name, 'room');
    const { was } = this.#deps.rooms.enter(connection, room, role);
    try {
      if (was === undefined) await this.#deps.broker.subscribe({ kind: 'room', room });
      // The place was taken before the wait; meanwhile the connection may have gone, which has tidied up.
      if (role === 'member' && was !== 'member' && connection.isIn(room)) await this.#announceJoin(connection, room);
    } catch (error) {
      if (was === undefined) this.#deps.rooms.exit(connection, room);
      throw error;
    }
    if (was === undefined && !connection.isIn(room)) await this.#deps.broker.unsubscribe({ kind: 'room', room });
  }

  /** Leaving a room that it isn't in does nothing. @throws {WscError} WSC_INVALID_NAME */
  async leave(connection: Connection, name: string): Promise<void> {
    const room = parseName(name, 'room');
    const was = this.#deps.rooms.exit(connection, room);
    if (was !== undefined) await this.#afterExit(connection, room, was);
  }

  /** The connection is gone: takes it out of all its rooms at once, then tells. Never fails. */
  async leaveAll(connection: Connection): Promise<void> {
    const left = connection.rooms.map((room) => ({ room, was: this.#deps.rooms.exit(connection, room) }));
    await Promise.all(
      left.map(async ({ room, was }) => {
        if (was === undefined) return;
        await this.#afterExit(connection, room, was).catch((cause: unknown) => {
          this.#deps.logger.warn('A room could not be told that a connection left.', { room, cause });
        });
      }),
    );
  }

  /** Puts everybody out, who hear `room_closed`. Answers how many connections of this node were in it. */
  async close(name: string, reason: string): Promise<number> {
    const { rooms, broker, sender, presence, events } = this.#deps;
    const room = parseName(name, 'room');
    const isKnown = rooms.get(room) !== undefined;
    if (isKnown) await sender.toRoom(room, { event: 'room_closed', data: { room, reason } });
    const connections = rooms.delete(room);
    for (const connection of connections) {
      await broker.unsubscribe({ kind: 'room', room });
      const entry = entryOf(connection, this.#deps.nodeId);
      if (entry !== undefined) await presence.left(entry, room);
    }
    if (isKnown) events.emit('room.closed', { room, data: { reason } });
    return connections.length;
  }

  async #announceJoin(connection: Connection, room: string): Promise<void> {
    const { presence, userStatus, namespaces, events, nodeId, clock } = this.#deps;
    const entry = entryOf(connection, nodeId);
    const isFirst = entry !== undefined && (await presence.joined({ ...entry, since: clock.now() }, room)).isFirst;
    events.emit('room.joined', { ...identityOf(connection), room });
    if (!isFirst) return;
    const namespace = namespaces.of(room);
    if (namespace?.presence === true) userStatus.joinedRoom(entry.userId, room);
    if (namespace?.announceMembers === true) this.#tellMembers('room_joined', connection, room);
  }

  async #afterExit(connection: Connection, room: string, was: Role): Promise<void> {
    const { presence, broker, userStatus, namespaces, events, nodeId } = this.#deps;
    await broker.unsubscribe({ kind: 'room', room });
    if (was === 'subscriber') return;
    const entry = entryOf(connection, nodeId);
    const isLast = entry !== undefined && (await presence.left(entry, room)).isLast;
    events.emit('room.left', { ...identityOf(connection), room });
    if (!isLast) return;
    const namespace = namespaces.of(room);
    if (namespace?.presence === true) userStatus.leftRoom(entry.userId, room);
    if (namespace?.announceMembers === true) this.#tellMembers('room_left', connection, room);
  }

  #tellMembers(event: 'room_joined' | 'room_left', connection: Connection, room: string): void {
    const data = { room, user_id: connection.userId, ...(connection.name !== undefined && { name: connection.name }) };
    void this.#deps.sender.toRoom(room, { event, data }, { exceptConnectionId: connection.id });
  }
}

/** What presence knows of a connection; anonymous ones are nobody there. */
export function entryOf(connection: Connection, nodeId: string): PresenceEntry | undefined {
  if (connection.userId === undefined) return undefined;
  return {
    connectionId: connection.id,
    userId: connection.userId,
    deviceId: connection.deviceId,
    nodeId,
    since: connection.connectedAt,
  };
}

/** Whose event it is. */
export function identityOf(connection: Connection): { readonly connectionId: string; readonly userId?: string } {
  return { connectionId: connection.id, ...(connection.userId !== undefined && { userId: connection.userId }) };
}
