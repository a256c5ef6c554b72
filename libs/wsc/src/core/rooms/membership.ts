import { parseName, WscError } from '@nest-wsc/protocol';
import { logFailure } from '../async/log-failure.js';
import type { Connection } from '../connections/connection.js';
import type { EventBus } from '../extensions/events.js';
import type { OutboundMessage } from '../messages/message.js';
import type { Sender } from '../messages/sender.js';
import type { Broker } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Presence, PresenceEntry } from '../ports/presence.js';
import type { StreamPosition } from '../ports/streams.js';
import { notInRoom, type Recovery, type RoomStart } from '../streams/recovery.js';
import type { RoomFeeds } from '../streams/room-feeds.js';
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
  readonly feeds: RoomFeeds;
  readonly recovery: Recovery;
}

/** What broker and presence have been told of one connection and one room. */
interface Told {
  isSubscribed: boolean;
  isPresent: boolean;
  /** Presence has answered, and events and members were told. */
  isAnnounced: boolean;
}

/** Whose coming or going the members hear of; its own connection, if there is one, does not. */
interface RoomUserNews {
  readonly id?: string;
  readonly userId: string | undefined;
  readonly name?: string | undefined;
}

/** What is under way for one connection. */
interface Telling {
  /** By room, where it may differ from what is true. */
  readonly told: Map<string, Told>;
  lastStep: Promise<unknown>;
}

/**
 * Puts connections into rooms and out of them, and tells whoever has to know: broker, presence, members, events.
 *
 * The rooms of this node change at once, in the caller's turn. What others are told follows, one step after the other for each
 * connection, and always towards what is true by then: so joins and leaves may overlap in any order, however slow the others are.
 */
export class Membership {
  readonly #deps: MembershipDependencies;
  /** Nothing is kept of an idle connection: others know what is true of it. */
  readonly #tellings = new WeakMap<Connection, Telling>();

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
    const { recovery } = this.#deps;
    recovery.release(connection, name, await this.#join(connection, name, { role }));
  }

  /**
   * As {@link join}; but in a room with history the connection hears nothing until `Recovery.release` is called with the answer.
   * @param since where its client was.
   * @throws {WscError} as {@link join}, and WSC_UNAVAILABLE where it was taken out again meanwhile.
   */
  async joinFrom(
    connection: Connection,
    name: string,
    { role, since }: { readonly role: Role; readonly since?: StreamPosition | undefined },
  ): Promise<RoomStart> {
    const start = await this.#join(connection, name, { role, since });
    if (!connection.isIn(name)) throw notInRoom();
    return start;
  }

  async #join(
    connection: Connection,
    name: string,
    { role, since }: { readonly role: Role; readonly since?: StreamPosition | undefined },
  ): Promise<RoomStart> {
    const was = await this.#enter(connection, name, role);
    try {
      return await this.#deps.recovery.prepare(connection, name, { wasIn: was !== undefined, since });
    } catch (error) {
      // Unless the application has joined it meanwhile.
      const cursor = this.#deps.rooms.get(name)?.behind.get(connection);
      if (was === undefined && cursor?.isUnused === true) await this.leave(connection, name);
      throw error;
    }
  }

  /** Answers what it was before. */
  async #enter(connection: Connection, name: string, role: Role): Promise<Role | undefined> {
    const room = parseName(name, 'room');
    // Nobody would ever take it out again.
    if (connection.state === 'closed') throw new WscError('WSC_UNAVAILABLE', { message: 'The connection is closed.' });
    const was = this.#deps.rooms.enter(connection, room, role);
    try {
      await this.#tell(connection, room, was);
    } catch (error) {
      await this.#undoJoin(connection, room, was);
      throw error;
    }
    return was;
  }

  /** `welcome` is out: tells of what the connection has joined before. Until then nobody is told, and of a refused one never. */
  async welcomed(connection: Connection): Promise<void> {
    for (const room of connection.rooms) await this.#tellQuietly(connection, room, this.#roleIn(room, connection));
  }

  /** Leaving a room that it isn't in does nothing. @throws {WscError} WSC_INVALID_NAME */
  async leave(connection: Connection, name: string): Promise<void> {
    const room = parseName(name, 'room');
    const was = this.#deps.rooms.exit(connection, room);
    if (was !== undefined) await this.#tell(connection, room, was);
  }

  /** The connection is gone: takes it out of all its rooms at once, then tells. Answers those it was a member of. Never fails. */
  async leaveAll(connection: Connection): Promise<readonly string[]> {
    const left = connection.rooms.map((room) => ({ room, was: this.#deps.rooms.exit(connection, room) }));
    await Promise.all(left.map(({ room, was }) => this.#tellQuietly(connection, room, was)));
    return left.flatMap(({ room, was }) => (was === 'member' ? [room] : []));
  }

  /** A user was in a room by connections of a node that died. */
  expired(userId: string, room: string): void {
    const namespace = this.#deps.namespaces.of(room);
    if (namespace?.presence === true) this.#deps.userStatus.leftRoom(userId, room);
    if (namespace?.announceMembers === true) this.#tellMembers('room_left', { userId }, room);
  }

  /** A user of this node was told to have left and had not, or came in while nobody could be told. */
  returned(connection: Connection, room: string, isReturn: boolean): void {
    const told = this.#tellings.get(connection)?.told.get(room);
    if (told?.isAnnounced === false) {
      told.isAnnounced = true;
      this.#deps.events.emit('room.joined', { ...identityOf(connection), room });
    }
    this.#tellFirst(connection, room, isReturn);
  }

  /** What the members of a room that is closed will hear; undefined where an interceptor lets nobody hear it. */
  farewell(room: string, reason: string): OutboundMessage | undefined {
    return this.#deps.sender.prepareToRoom(room, { event: 'room_closed', data: { room, reason } });
  }

  /** Puts everybody of this node out, who hear `message`. Answers how many connections were in it. */
  async closeHere(room: string, reason: string, message: OutboundMessage | undefined): Promise<number> {
    const { rooms, sender, events } = this.#deps;
    const isKnown = rooms.get(room) !== undefined;
    // In one turn, so that nothing that is sent to the room and nobody who joins it comes in between.
    if (isKnown && message !== undefined) sender.deliverHere({ kind: 'room', room }, message);
    const left = rooms.delete(room);
    await Promise.all(left.map(({ connection, was }) => this.#tellQuietly(connection, room, was)));
    if (isKnown) events.emit('room.closed', { room, data: { reason } });
    return left.length;
  }

  /** A join that nobody could be told of leaves things as they were. */
  async #undoJoin(connection: Connection, room: string, before: Role | undefined): Promise<void> {
    const { rooms } = this.#deps;
    const was = rooms.exit(connection, room);
    if (was === undefined) return;
    if (before !== undefined) rooms.enter(connection, room, before);
    await this.#tellQuietly(connection, room, was);
  }

  /** What others can't be told must not keep the rest from being tidied up. */
  async #tellQuietly(connection: Connection, room: string, was: Role | undefined): Promise<void> {
    try {
      await this.#tell(connection, room, was);
    } catch (cause) {
      const message = 'Others could not be told that a connection joined or left a room.';
      logFailure(this.#deps.logger, message, { level: 'warn', room, cause });
    }
  }

  /** To be called in the turn of each change. @param was the role before it, which others know unless something is under way. */
  #tell(connection: Connection, room: string, was: Role | undefined): Promise<void> {
    const telling = this.#tellingOf(connection);
    if (!telling.told.has(room)) {
      const wasMember = was === 'member';
      telling.told.set(room, { isSubscribed: was !== undefined, isPresent: wasMember, isAnnounced: wasMember });
    }
    const step = telling.lastStep.then(() => this.#step(connection, room, telling));
    // The next step comes after this one, even if this one fails; its caller hears of that.
    telling.lastStep = step.catch(() => undefined);
    return step;
  }

  #tellingOf(connection: Connection): Telling {
    let telling = this.#tellings.get(connection);
    if (telling === undefined) {
      telling = { told: new Map<string, Told>(), lastStep: Promise.resolve() };
      this.#tellings.set(connection, telling);
    }
    return telling;
  }

  async #step(connection: Connection, room: string, { told: unsettled }: Telling): Promise<void> {
    const told = unsettled.get(room);
    // An earlier step has told what is true already.
    if (told === undefined) return;
    try {
      await this.#reconcile(connection, room, told);
    } finally {
      if (this.#isTrue(connection, room, told)) unsettled.delete(room);
      if (unsettled.size === 0) this.#tellings.delete(connection);
    }
  }

  /** Brings what others know to what is true now. */
  async #reconcile(connection: Connection, room: string, told: Told): Promise<void> {
    if (connection.isIn(room)) await this.#subscribe(told, room);
    const isMember = this.#roleIn(room, connection) === 'member' && connection.isWelcomed;
    if (isMember === told.isPresent && connection.isIn(room)) return;
    try {
      if (isMember && !told.isPresent) await this.#announceJoin(connection, room, told);
      else if (!isMember && told.isPresent) await this.#announceLeave(connection, room, told);
    } finally {
      // Whoever can't be told that it left: the subscription ends all the same.
      if (!connection.isIn(room)) await this.#unsubscribe(room, told);
    }
  }

  /** Not so of a member before `welcome`, who is still to be announced. */
  #isTrue(connection: Connection, room: string, { isSubscribed, isPresent, isAnnounced }: Told): boolean {
    const role = this.#roleIn(room, connection);
    const isMember = role === 'member';
    return isSubscribed === (role !== undefined) && isPresent === isMember && isAnnounced === isMember;
  }

  #roleIn(room: string, connection: Connection): Role | undefined {
    return this.#deps.rooms.get(room)?.roleOf(connection);
  }

  async #subscribe(told: Told, room: string): Promise<void> {
    if (told.isSubscribed) return;
    const { broker, feeds, namespaces } = this.#deps;
    await broker.subscribe({ kind: 'room', room });
    try {
      // In this order: what is written once it has begun is heard.
      if (namespaces.of(room)?.history !== undefined) await feeds.open(room);
    } catch (error) {
      await broker.unsubscribe({ kind: 'room', room });
      throw error;
    }
    told.isSubscribed = true;
  }

  async #unsubscribe(room: string, told: Told): Promise<void> {
    if (!told.isSubscribed) return;
    told.isSubscribed = false;
    this.#deps.feeds.close(room);
    await this.#deps.broker.unsubscribe({ kind: 'room', room });
  }

  async #announceJoin(connection: Connection, room: string, told: Told): Promise<void> {
    const { presence, events, nodeId, clock } = this.#deps;
    const entry = entryOf(connection, nodeId);
    // Before the answer: what presence can't be told now it may tell later, so it has to hear of the end in any case.
    told.isPresent = true;
    const arrival = entry === undefined ? undefined : await presence.joined({ ...entry, since: clock.now() }, room);
    told.isAnnounced = true;
    events.emit('room.joined', { ...identityOf(connection), room });
    if (arrival?.isFirst === true) this.#tellFirst(connection, room, arrival.isReturn);
  }

  #tellFirst(connection: Connection, room: string, isReturn: boolean): void {
    const { userStatus, namespaces } = this.#deps;
    const namespace = namespaces.of(room);
    if (namespace?.presence === true && connection.userId !== undefined)
      userStatus.joinedRoom(connection.userId, room, isReturn);
    if (namespace?.announceMembers === true) this.#tellMembers('room_joined', connection, room);
  }

  async #announceLeave(connection: Connection, room: string, told: Told): Promise<void> {
    const { presence, userStatus, namespaces, events, nodeId } = this.#deps;
    const entry = entryOf(connection, nodeId);
    const { isAnnounced } = told;
    told.isPresent = told.isAnnounced = false;
    const wasTold = isAnnounced && entry !== undefined && !userStatus.isUntold(entry.userId, room);
    const isLast = entry !== undefined && (await presence.left(entry, room, wasTold)).isLast;
    if (!isAnnounced) return;
    events.emit('room.left', { ...identityOf(connection), room });
    if (!isLast) return;
    const namespace = namespaces.of(room);
    if (namespace?.presence === true) userStatus.leftRoom(entry.userId, room);
    if (namespace?.announceMembers === true) this.#tellMembers('room_left', connection, room);
  }

  #tellMembers(event: 'room_joined' | 'room_left', connection: RoomUserNews, room: string): void {
    const data = { room, user_id: connection.userId, ...(connection.name !== undefined && { name: connection.name }) };
    // One user's news don't supersede another's.
    const key = `${event}:${connection.userId ?? ''}`;
    const except = connection.id === undefined ? {} : { exceptConnectionId: connection.id };
    void this.#deps.sender.tellRoom(room, { event, data, key }, except);
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
