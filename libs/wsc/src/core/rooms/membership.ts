import { parseName, WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { EventBus } from '../extensions/events.js';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { Sender } from '../messages/sender.js';
import type { Broker } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Presence, PresenceEntry } from '../ports/presence.js';
import type { NamespaceTable } from './namespace-table.js';
import type { Role } from './room.js';
import type { RoomRegistry } from './room-registry.js';
import type { UserStatus } from './user-status.js';

/** What a {@link Membership} needs. */
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
  /** What connections have joined before `welcome`: nobody is told until then, and of a refused one never. */
  readonly #unannounced = new WeakMap<Connection, Set<string>>();

  constructor(dependencies: MembershipDependencies) {
    this.#deps = dependencies;
  }

  /**
   * Settles once the connection hears everything that is sent to the room from then on. Joining twice is joining once;
   * a subscriber becomes a member.
   * @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED; WSC_UNAVAILABLE when the connection is gone or other nodes can't be
   * reached.
   */
  async join(connection: Connection, name: string, role: Role = 'member'): Promise<void> {
    const room = parseName(name, 'room');
    // Nobody would ever take it out again.
    if (connection.state === 'closed') throw new WscError('WSC_UNAVAILABLE', { message: 'The connection is closed.' });
    const was = this.#deps.rooms.enter(connection, room, role);
    if (was === undefined) await this.#subscribe(connection, room);
    // The place was taken before the wait; whoever gave it back meanwhile has tidied up.
    if (role !== 'member' || was === 'member' || !connection.isIn(room)) return;
    try {
      await this.#entered(connection, room);
    } catch (error) {
      await this.#undoJoin(connection, room, was);
      throw error;
    }
  }

  /** `welcome` is out: tells of what the connection has joined before. */
  async welcomed(connection: Connection): Promise<void> {
    const rooms = this.#unannounced.get(connection) ?? [];
    this.#unannounced.delete(connection);
    for (const room of rooms) if (connection.isIn(room)) await this.#announceJoin(connection, room);
  }

  /** Leaving a room that it isn't in does nothing. @throws {WscError} WSC_INVALID_NAME */
  async leave(connection: Connection, name: string): Promise<void> {
    const room = parseName(name, 'room');
    const was = this.#deps.rooms.exit(connection, room);
    if (was !== undefined) await this.#afterExit(connection, room, was);
  }

  /** The connection is gone: takes it out of all its rooms at once, then tells. Answers those it was a member of. Never fails. */
  async leaveAll(connection: Connection): Promise<readonly string[]> {
    const left = connection.rooms.map((room) => ({ room, was: this.#deps.rooms.exit(connection, room) }));
    await Promise.all(
      left.map(async ({ room, was }) => {
        if (was === undefined) return;
        await this.#attempt(room, () => this.#afterExit(connection, room, was));
      }),
    );
    return left.flatMap(({ room, was }) => (was === 'member' ? [room] : []));
  }

  /** Puts everybody out, who hear `room_closed`. Answers how many connections of this node were in it. */
  async close(name: string, reason: string): Promise<number> {
    const { rooms, sender, events } = this.#deps;
    const room = parseName(name, 'room');
    const isKnown = rooms.get(room) !== undefined;
    if (isKnown) await sender.toRoom(room, { event: 'room_closed', data: { room, reason } });
    const connections = rooms.delete(room);
    await Promise.all(connections.map((connection) => this.#attempt(room, () => this.#putOut(connection, room))));
    if (isKnown) events.emit('room.closed', { room, data: { reason } });
    return connections.length;
  }

  async #subscribe(connection: Connection, room: string): Promise<void> {
    try {
      await this.#deps.broker.subscribe({ kind: 'room', room });
    } catch (error) {
      this.#deps.rooms.exit(connection, room);
      throw error;
    }
  }

  /** A join that failed in the middle leaves things as they were. */
  async #undoJoin(connection: Connection, room: string, was: Role | undefined): Promise<void> {
    const { rooms, broker } = this.#deps;
    if (rooms.exit(connection, room) === undefined) return;
    if (was === undefined) await this.#attempt(room, () => broker.unsubscribe({ kind: 'room', room }));
    else rooms.enter(connection, room, was);
  }

  async #entered(connection: Connection, room: string): Promise<void> {
    if (connection.isWelcomed) return this.#announceJoin(connection, room);
    const rooms = this.#unannounced.get(connection);
    if (rooms === undefined) this.#unannounced.set(connection, new Set([room]));
    else rooms.add(room);
  }

  async #putOut(connection: Connection, room: string): Promise<void> {
    const { broker, presence, nodeId } = this.#deps;
    this.#unannounced.get(connection)?.delete(room);
    const entry = entryOf(connection, nodeId);
    if (entry !== undefined) await presence.left(entry, room);
    await broker.unsubscribe({ kind: 'room', room });
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
    const wasAnnounced =
      was === 'member' && connection.isWelcomed && this.#unannounced.get(connection)?.delete(room) !== true;
    await broker.unsubscribe({ kind: 'room', room });
    if (!wasAnnounced) return;
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

  /** What others can't be told must not keep the rest from being tidied up. */
  async #attempt(room: string, work: () => MaybePromise<void>): Promise<void> {
    try {
      await work();
    } catch (cause) {
      this.#deps.logger.warn('A room could not be told that a connection left.', { room, cause });
    }
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
