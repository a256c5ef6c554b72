import { parseName, parseUserId, type CloseCode, type CloseCodeName } from '@nest-wsc/protocol';
import { neverUnhandled, type MaybePromise } from './async/maybe-promise.js';
import type { AuthorizeChat } from './built-ins/chat-route.js';
import type { Admission, Gate } from './connect/gate.js';
import type { Handshake } from './connect/handshake.js';
import type { PathTable } from './connect/path-table.js';
import type { Principal } from './connect/principal.js';
import { issueConnectToken, revokeToken, verifyToken } from './connect/tokens.js';
import type { ClusterStats } from './cluster/everywhere.js';
import { parseCloseCode } from './connections/close-code.js';
import type { Connection } from './connections/connection.js';
import { createConnectionHost } from './create-connection-host.js';
import type { EventBus } from './extensions/events.js';
import type { Hooks } from './extensions/hooks.js';
import type { HubOptions } from './hub-options.js';
import { createHubParts, type HubDependencies, type HubParts } from './hub-parts.js';
import type { MessageHandler, RouteTable } from './inbound/route-table.js';
import { validated } from './inbound/validated.js';
import type { InterceptorChain } from './extensions/interceptors.js';
import { HubLifecycle } from './lifecycle/hub-lifecycle.js';
import type { AckOutcome, AckSendOptions } from './messages/acked-send.js';
import type { MessageContext } from './messages/message-context.js';
import type { MessageInput, SendResult } from './messages/message.js';
import type { RoomSendOptions, SendOptions, UserSendOptions } from './messages/send-options.js';
import { composeMiddleware, type ComposedMiddleware, type Middleware } from './extensions/middleware.js';
import type { IssuedConnectToken } from './ports/access.js';
import type { Audience } from './ports/broker.js';
import type { Inboxes } from './inbox/inboxes.js';
import type { ClusterHealth, NodeInfo } from './ports/cluster.js';
import type { PageRequest, PresenceEntry, RoomUser, UserPage } from './ports/presence.js';
import type { Encoding, TransportLink } from './ports/transport.js';
import type { NamespaceTable } from './rooms/namespace-table.js';
import type { JoinOptions, RoomInfo, RoomOptions } from './rooms/room.js';
import type { StandardSchemaV1 } from './extensions/standard-schema.js';
import type { HubStats } from './stats.js';

/**
 * Keeps the connections, users and rooms of one node, and fans messages out. Knows neither Nest nor `ws` nor Redis: transports
 * bring connections in, and the ports in {@link HubDependencies} connect it with other nodes.
 */
export class Hub {
  /** Decides whether clients may write to users by `chat`; undefined: they may not. */
  authorizeChat: AuthorizeChat | undefined;

  readonly #deps: HubDependencies;
  readonly #parts: HubParts;
  readonly #lifecycle: HubLifecycle;
  #options: HubOptions;
  #middleware: readonly Middleware<MessageContext>[] = [];
  #composed: ComposedMiddleware<MessageContext> | undefined;

  constructor(options: HubOptions, dependencies: HubDependencies) {
    this.#options = options;
    this.#deps = dependencies;
    this.#parts = createHubParts(
      dependencies,
      {
        options: () => this.#options,
        isOpen: () => this.isRunning && !this.isDraining,
        isDraining: () => this.isDraining,
        offlineGraceMs: () => this.offlineGraceMs,
        middleware: () => this.#composed,
        authorizeChat: () => this.authorizeChat,
        stats: () => this.stats(),
      },
      createConnectionHost(() => this.#parts),
    );
    this.#lifecycle = new HubLifecycle({ dependencies, parts: this.#parts, options: () => this.#options });
  }

  get nodeId(): string {
    return this.#options.nodeId;
  }

  get options(): HubOptions {
    return this.#options;
  }

  /** Whether it takes connections or has them: between `start` and `close`. */
  get isRunning(): boolean {
    return this.#lifecycle.isRunning;
  }

  get isDraining(): boolean {
    return this.#lifecycle.isDraining;
  }

  /** How long a user who lost the last connection has to come back before others hear of it, in milliseconds. */
  get offlineGraceMs(): number {
    return this.#lifecycle.offlineGraceMs;
  }

  get gate(): Gate {
    return this.#parts.gate;
  }

  get paths(): PathTable {
    return this.#parts.paths;
  }

  get routes(): RouteTable {
    return this.#parts.routes;
  }

  get hooks(): Hooks<Connection, MessageContext> {
    return this.#parts.hooks;
  }

  get events(): EventBus {
    return this.#parts.events;
  }

  get interceptors(): InterceptorChain<Connection> {
    return this.#parts.interceptors;
  }

  get namespaces(): NamespaceTable {
    return this.#parts.namespaces;
  }

  /** What is kept for users. */
  get inboxes(): Inboxes {
    return this.#parts.inboxes;
  }

  /** Changes what can change while it runs: limits, time-outs, user types. The node id stays. */
  updateOptions(next: HubOptions): void {
    this.#options = Object.freeze({ ...next, nodeId: this.#options.nodeId });
  }

  /** Adds middleware around every message, the first outermost. */
  use(middleware: Middleware<MessageContext>): void {
    this.#middleware = [...this.#middleware, middleware];
    this.#composed = composeMiddleware(this.#middleware);
  }

  /** Adds middleware around authentication and connect guards, before the 101. */
  useUpgrade(middleware: Middleware<Handshake>): void {
    this.#parts.gate.use(middleware);
  }

  /** Registers a handler on every path. @throws {Error} for a taken name, or once routes are frozen. */
  handle(event: string, handler: MessageHandler, options: { readonly schema?: StandardSchemaV1 } = {}): void {
    const { schema } = options;
    this.routes.add({
      event,
      handler: schema === undefined ? handler : validated(schema, handler),
      origin: 'hub.handle',
    });
  }

  /** Begins to take connections. A second call is the same start. */
  start(): Promise<void> {
    return this.#lifecycle.start();
  }

  /**
   * Refuses new connections, says `goodbye` to each client with its own delay, lets running handlers finish and closes every
   * connection with 1012, all within the drain time. Never fails; a second call is the same drain.
   */
  drain(): Promise<void> {
    return this.#lifecycle.drain();
  }

  /** Drains, then ends what it stands on. */
  close(): Promise<void> {
    return this.#lifecycle.close();
  }

  /** Takes in a connection after the 101. For transports. */
  open(admission: Admission, link: TransportLink, encoding: Encoding): Connection {
    const connection = this.#parts.connector.open(admission, link, encoding);
    // The drain may have begun since it was admitted.
    if (!this.isRunning || this.isDraining) connection.close('serviceRestart');
    return connection;
  }

  /** To every connection. */
  broadcast(message: MessageInput, options?: SendOptions): Promise<SendResult> {
    return this.#parts.sender.broadcast(message, options);
  }

  /** To all devices of a user; with `durable`, kept until each of them has it. */
  sendToUser(userId: string, message: MessageInput, options?: UserSendOptions): Promise<SendResult> {
    return this.#parts.sender.toUser(userId, message, options);
  }

  /** To all devices of each user, with one message id; results in the order of the users. */
  sendToUsers(userIds: readonly string[], message: MessageInput): Promise<readonly SendResult[]> {
    return this.#parts.sender.toUsers(userIds, message);
  }

  /** Settles when a device of the user has acknowledged, or the attempts are used up; the outcome is the truth. */
  sendToUserWithAck(
    userId: string,
    message: MessageInput,
    options?: AckSendOptions & UserSendOptions,
  ): Promise<AckOutcome> {
    return this.#parts.sender.toUserWithAck(userId, message, options);
  }

  /** To one connection, on whichever node it is. */
  sendToConnection(connectionId: string, message: MessageInput): Promise<SendResult> {
    const { sender, everywhere } = this.#parts;
    return sender.toConnection(connectionId, message, (id, prepared) => everywhere.send(id, prepared));
  }

  /** To the members and subscribers of a room. */
  sendToRoom(room: string, message: MessageInput, options?: RoomSendOptions): Promise<SendResult> {
    return this.#parts.sender.toRoom(room, message, options);
  }

  /** To those of everyone that `audience` picks, on all nodes. */
  sendWhere(audience: Audience, message: MessageInput): Promise<SendResult> {
    return this.#parts.sender.where(audience, message);
  }

  /** To the connections of this node for which `predicate` says yes. */
  sendWhereHere(predicate: (connection: Connection) => boolean, message: MessageInput): Promise<SendResult> {
    return this.#parts.sender.whereHere(predicate, message);
  }

  /** Makes a room that stays when it is empty, or gives it these options. @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED */
  createRoom(room: string, options: RoomOptions = {}): RoomInfo {
    return this.#parts.rooms.create(room, options).info;
  }

  roomInfo(room: string): RoomInfo | undefined {
    return this.#parts.rooms.get(room)?.info;
  }

  /** The rooms of this node. */
  rooms(): readonly RoomInfo[] {
    return [...this.#parts.rooms.all()].map((room) => room.info);
  }

  /**
   * Puts everybody out on all nodes, who hear `room_closed`, and forgets the room's history. Answers how many connections were in it.
   * @throws {WscError} WSC_TIMEOUT with `details: { done, missing }` when a node that lives did not answer in time.
   */
  deleteRoom(room: string, reason = 'deleted'): Promise<number> {
    return this.#call(() => {
      const { membership, everywhere, namespaces } = this.#parts;
      const message = membership.farewell(parseName(room, 'room'), reason);
      const closed = everywhere.count({ kind: 'closeRoom', room, reason, ...(message && { message }) });
      if (namespaces.of(room)?.history === undefined) return closed;
      // Whoever comes later must not find what was deleted; also where a node did not answer.
      return closed.finally(() => this.#deps.streams.delete(room));
    });
  }

  /**
   * Puts a connection into a room, on whichever node it is.
   * @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED; WSC_UNAVAILABLE where there is no such connection.
   */
  join(connectionId: string, room: string, { role = 'member' }: JoinOptions = {}): Promise<void> {
    return this.#call(() => this.#parts.everywhere.inRoom({ kind: 'join', connectionId, room, role }));
  }

  leave(connectionId: string, room: string): Promise<void> {
    return this.#call(() => this.#parts.everywhere.inRoom({ kind: 'leave', connectionId, room }));
  }

  /** Who is in a room, each user once. */
  roomMembers(room: string): Promise<readonly RoomUser[]> {
    return this.#call(() => this.#deps.presence.roomUsers(room));
  }

  /** Whether its client may write to a room, by the same policy as `room_message`. @throws {WscError} WSC_FORBIDDEN */
  authorizePublish(connection: Connection, room: string): Promise<void> {
    return this.#call(() => this.#parts.access.requirePublish(connection, room));
  }

  /** The rooms that a connection of this node is in. */
  roomsOf(connectionId: string): readonly string[] {
    return this.connection(connectionId)?.rooms ?? [];
  }

  isUserOnline(userId: string): Promise<boolean> {
    return this.#call(() => this.#deps.presence.isOnline(parseUserId(userId)));
  }

  onlineUsers(page: PageRequest = {}): Promise<UserPage> {
    return this.#call(() => this.#deps.presence.onlineUsers(page));
  }

  onlineUserCount(): Promise<number> {
    return this.#call(() => this.#deps.presence.onlineUserCount());
  }

  /** A connection of this node. */
  connection(connectionId: string): Connection | undefined {
    return this.#parts.connections.get(connectionId);
  }

  /** All connections of this node. */
  connections(): IterableIterator<Connection> {
    return this.#parts.connections.all();
  }

  /** The connections of a user on this node, oldest first. */
  connectionsOf(userId: string): readonly Connection[] {
    return [...this.#parts.connections.ofUser(userId)];
  }

  /** The user's connections on all nodes. */
  userConnections(userId: string): Promise<readonly PresenceEntry[]> {
    return this.#call(() => this.#deps.presence.connectionsOf(parseUserId(userId)));
  }

  /**
   * Answers how many connections it closed, on all nodes. With a code from 4500 on, which says not to come back, nothing can be resumed
   * of the user's former connections either.
   * @param how @default 'kicked'
   * @throws {WscError} WSC_TIMEOUT with `details: { done, missing }` when a node that lives did not answer in time; WSC_UNAVAILABLE where
   *   sessions may be left.
   */
  disconnectUser(userId: string, how: CloseCodeName | CloseCode = 'kicked'): Promise<number> {
    return this.#call(() => this.#parts.everywhere.closeUser(parseUserId(userId), parseCloseCode(how)));
  }

  /** Answers whether there was such a connection, on any node. @param how @default 'kicked' @throws {WscError} as {@link disconnectUser} */
  disconnectConnection(connectionId: string, how: CloseCodeName | CloseCode = 'kicked'): Promise<boolean> {
    const { everywhere } = this.#parts;
    return this.#call(async () => {
      const closeCode = parseCloseCode(how);
      return (await everywhere.count({ kind: 'closeConnection', connectionId, closeCode })) > 0;
    });
  }

  /**
   * Checks a token as the handshake does, for other doors of the application.
   * @throws {WscError} WSC_UNAUTHORIZED, WSC_FORBIDDEN for a user type that is not allowed, WSC_UNAVAILABLE where none is configured.
   */
  verifyToken(token: string): Promise<Principal> {
    return this.#call(() => verifyToken(this.#deps, token, this.#options.userTypes));
  }

  /**
   * Makes a token worthless and ends its connections with 4501. Answers how many.
   * @throws {WscError} WSC_UNAVAILABLE where no authenticator and no revocation list is configured, or the list is full.
   */
  revokeToken(token: string): Promise<number> {
    return this.#call(async () => {
      const tokenId = await revokeToken(this.#deps, token);
      return this.#parts.everywhere.count({ kind: 'revoked', tokenId });
    });
  }

  /** Makes a one-time credential for a URL. @throws {TypeError} for what is no principal. @throws {WscError} WSC_UNAVAILABLE where none are configured. */
  issueConnectToken(principal: Principal): Promise<IssuedConnectToken> {
    return this.#call(() => issueConnectToken(this.#deps, principal));
  }

  stats(): HubStats {
    const { counters, connections, rooms, events, fanOut, inFlight } = this.#parts;
    const { messagesReceived, bytesReceived } = counters;
    return {
      nodeId: this.nodeId,
      totalClients: connections.size,
      onlineUsers: connections.userCount,
      totalRooms: rooms.size,
      uptimeSeconds: this.#lifecycle.uptimeSeconds,
      ...counters,
      droppedByPolicy: { ...counters.droppedByPolicy },
      averageMessageBytes: messagesReceived === 0 ? 0 : Math.round(bytesReceived / messagesReceived),
      deadLetters: this.#deps.inbox.deadLetterCount ?? 0,
      droppedEvents: events.droppedCount,
      blockedConnections: fanOut.blockedCount,
      runningHandlers: inFlight.count,
    };
  }

  /** What all nodes have counted; says when a node that lives did not answer. */
  clusterStats(): Promise<ClusterStats> {
    return this.#call(() => this.#parts.everywhere.stats());
  }

  /** The nodes that live, this one first. */
  nodes(): readonly NodeInfo[] {
    return this.#deps.cluster.nodes();
  }

  /** Whether this node takes connections and reaches the others. */
  health(): ClusterHealth {
    if (!this.isRunning) return { isReady: false, reason: 'It has not started, or has ended.' };
    if (this.isDraining) return { isReady: false, reason: 'It shuts down.' };
    return this.#deps.cluster.health();
  }

  /** What the application asks for; where nobody awaits it, its failure ends nothing. */
  #call<T>(work: () => MaybePromise<T>): Promise<T> {
    return neverUnhandled(new Promise<T>((resolve) => resolve(work())), this.#parts.callFailed);
  }
}
