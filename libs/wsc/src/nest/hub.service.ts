import { Inject, Injectable } from '@nestjs/common';
import { WscError, type CloseCode, type CloseCodeName, type DataUpdate, type Notification } from '@nest-wsc/protocol';
import {
  Hub,
  type AckOutcome,
  type AckSendOptions,
  type Audience,
  type ClusterHealth,
  type ClusterStats,
  type ConnectHook,
  type Connection,
  type DeadLetter,
  type DisconnectHook,
  type ErrorHook,
  type Handshake,
  type HubEventListener,
  type HubEventName,
  type HubStats,
  type InboxSize,
  type IssuedConnectToken,
  type MessageContext,
  type MessageHandler,
  type MessageHook,
  type MessageInput,
  type MessageRecord,
  type MessageSentHook,
  type Middleware,
  type NodeInfo,
  type PageRequest,
  type PresenceEntry,
  type Principal,
  type ResumeHook,
  type RoomInfo,
  type RoomOptions,
  type RoomSendOptions,
  type RoomUser,
  type SendOptions,
  type SendResult,
  type StandardSchemaV1,
  type UserPage,
  type UserSendOptions,
} from '../core/index.js';
import { WscConfigService } from './config/wsc-config.service.js';
import type { WscConfig } from './config/wsc-options.js';
import type { WscInterceptor } from './decorators/providers.decorators.js';
import { mapErrors, mapRefusals } from './errors/map-errors.js';

/**
 * The hub, for the rest of the application: inject it anywhere. Sends run in the caller's turn up to the outboxes, so that they keep
 * their order, and their promises say what is true: for how many connections the message was queued. A send that nobody awaits ends
 * nothing when it fails. With `WSC_ENABLED=false` every call that needs connections rejects with WSC_UNAVAILABLE; registrations, which answer the service itself so that they can be chained, do nothing.
 */
@Injectable()
export class HubService {
  readonly #hub: Hub;
  readonly #config: WscConfigService;

  constructor(@Inject(Hub) hub: Hub, @Inject(WscConfigService) config: WscConfigService) {
    this.#hub = hub;
    this.#config = config;
  }

  /** Whether this application has WebSockets at all (`WSC_ENABLED`). */
  get isEnabled(): boolean {
    return this.#config.current.enabled;
  }

  /** Whether connections are taken: after bootstrap, until the shutdown begins. */
  get isRunning(): boolean {
    return this.#hub.isRunning && !this.#hub.isDraining;
  }

  /** The settings that hold now. Change them with {@link WscConfigService.update}. */
  get config(): WscConfig {
    return this.#config.current;
  }

  /** What this node has counted. */
  get stats(): HubStats {
    return this.#hub.stats();
  }

  /** To everyone. */
  broadcast(message: MessageInput, options?: SendOptions): Promise<SendResult> {
    return this.#later((hub) => hub.broadcast(message, options));
  }

  /**
   * To all devices of a user. With `durable: true` the user's inbox keeps it until each known device has acknowledged it or its time is
   * up; then the promise settles once it is kept, and rejects where it is not.
   * @throws {WscError} durable: WSC_LIMIT_EXCEEDED for a full inbox, WSC_UNAVAILABLE, WSC_TIMEOUT (send again with the same `id`)
   */
  sendToUser(userId: string, message: MessageInput, options?: UserSendOptions): Promise<SendResult> {
    return this.#later((hub) => hub.sendToUser(userId, message, options));
  }

  /** To all devices of each user, with one message id; results in the same order. */
  sendToUsers(userIds: readonly string[], message: MessageInput): Promise<readonly SendResult[]> {
    return this.#later((hub) => hub.sendToUsers(userIds, message));
  }

  /** To a user, waiting for one of the user's devices to acknowledge. The outcome is never a guess: see {@link AckOutcome}. */
  sendToUserWithAck(
    userId: string,
    message: MessageInput,
    options?: AckSendOptions & UserSendOptions,
  ): Promise<AckOutcome> {
    return this.#later((hub) => hub.sendToUserWithAck(userId, message, options));
  }

  /** To one connection, on whichever node it is. */
  sendToConnection(connectionId: string, message: MessageInput): Promise<SendResult> {
    return this.#later((hub) => hub.sendToConnection(connectionId, message));
  }

  /**
   * To the members and subscribers of a room. Where its namespace has history the answer has its place, and comes once it is stored.
   * @throws {WscError} with history: WSC_UNAVAILABLE where it is certainly not stored, WSC_TIMEOUT where that is unknown (send again with
   *   the same `id`), WSC_LIMIT_EXCEEDED
   */
  sendToRoom(room: string, message: MessageInput, options?: RoomSendOptions): Promise<SendResult> {
    return this.#later((hub) => hub.sendToRoom(room, message, options));
  }

  /** To those of everyone that `audience` picks: by user types, rooms, or metadata that is exactly so. */
  sendWhere(audience: Audience, message: MessageInput): Promise<SendResult> {
    return this.#later((hub) => hub.sendWhere(audience, message));
  }

  /** To the connections of this node that `predicate` picks; a function can't be asked on another node. */
  sendWhereHere(predicate: (connection: Connection) => boolean, message: MessageInput): Promise<SendResult> {
    return this.#later((hub) => hub.sendWhereHere(predicate, message));
  }

  /** To every connection of a user type. */
  sendToUserType(userType: string, message: MessageInput): Promise<SendResult> {
    return this.sendWhere({ userTypes: [userType] }, message);
  }

  /** Sends a user the event `notification` (PROTOCOL.md §4). */
  notify(userId: string, notification: Notification, options?: UserSendOptions): Promise<SendResult> {
    return this.sendToUser(userId, { event: 'notification', data: notification }, options);
  }

  /** How many durable messages wait for a user, and how many are dead letters. */
  inboxSize(userId: string): Promise<InboxSize> {
    return this.#later((hub) => hub.inboxes.size(userId));
  }

  /** A user's durable messages whose time was up before each device had them; the newest first, at most 100. */
  deadLetters(userId: string): Promise<readonly DeadLetter[]> {
    return this.#later((hub) => hub.inboxes.deadLetters(userId));
  }

  /** Sends a dead letter again, as a durable message with an id of its own; undefined where there is none with this id. */
  resendDeadLetter(userId: string, messageId: string): Promise<SendResult | undefined> {
    return this.#later((hub) => hub.inboxes.resendDeadLetter(userId, messageId));
  }

  /**
   * What has become of a durable message, or of one whose acknowledgement was waited for: for seven days; undefined where nothing is known.
   */
  messageRecord(userId: string, messageId: string): Promise<MessageRecord | undefined> {
    return this.#later((hub) => hub.inboxes.record(userId, messageId));
  }

  /** Sends a message again, durably, that has expired or failed; undefined where it has not, or is not kept any more. */
  retryMessage(userId: string, messageId: string): Promise<SendResult | undefined> {
    return this.#later((hub) => hub.inboxes.retry(userId, messageId));
  }

  /** Sends everyone the event `notification`. */
  notifyAll(notification: Notification): Promise<SendResult> {
    return this.broadcast({ event: 'notification', data: notification });
  }

  /** Tells everyone with the event `data_update` that data has changed (PROTOCOL.md §4). */
  dataUpdate(update: DataUpdate): Promise<SendResult> {
    return this.broadcast({ event: 'data_update', data: update });
  }

  /** Makes a room that stays when it is empty. @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED, WSC_UNAVAILABLE when disabled. */
  createRoom(room: string, options?: RoomOptions): RoomInfo {
    return this.#now().createRoom(room, options);
  }

  /** Puts its members out on all nodes, who hear `room_closed`. Answers how many they were. */
  deleteRoom(room: string, reason?: string): Promise<number> {
    return this.#later((hub) => hub.deleteRoom(room, reason));
  }

  roomInfo(room: string): RoomInfo | undefined {
    return this.#now().roomInfo(room);
  }

  /** The rooms of this node. */
  rooms(): readonly RoomInfo[] {
    return this.#now().rooms();
  }

  /** Puts a connection into a room, on whichever node it is. */
  join(connectionId: string, room: string): Promise<void> {
    return this.#later((hub) => hub.join(connectionId, room));
  }

  leave(connectionId: string, room: string): Promise<void> {
    return this.#later((hub) => hub.leave(connectionId, room));
  }

  roomMembers(room: string): Promise<readonly RoomUser[]> {
    return this.#later((hub) => hub.roomMembers(room));
  }

  /**
   * Asks whether its client may write to a room, by the same policy as `room_message`; for handlers of your own.
   * @throws {WscError} WSC_FORBIDDEN
   */
  authorizePublish(connection: Connection, room: string): Promise<void> {
    return this.#later((hub) => hub.authorizePublish(connection, room));
  }

  roomsOf(connectionId: string): readonly string[] {
    return this.#now().roomsOf(connectionId);
  }

  isUserOnline(userId: string): Promise<boolean> {
    return this.#later((hub) => hub.isUserOnline(userId));
  }

  onlineUsers(page?: PageRequest): Promise<UserPage> {
    return this.#later((hub) => hub.onlineUsers(page));
  }

  onlineUserCount(): Promise<number> {
    return this.#later((hub) => hub.onlineUserCount());
  }

  /** The user's connections on all nodes. */
  userConnections(userId: string): Promise<readonly PresenceEntry[]> {
    return this.#later((hub) => hub.userConnections(userId));
  }

  /** The user's connections on this node. */
  connectionsOf(userId: string): readonly Connection[] {
    return this.#now().connectionsOf(userId);
  }

  connection(connectionId: string): Connection | undefined {
    return this.#now().connection(connectionId);
  }

  /** All connections of this node. */
  connections(): IterableIterator<Connection> {
    return this.#now().connections();
  }

  /**
   * Closes a user's connections on all nodes and answers how many they were. @default 'kicked'
   * @throws {WscError} WSC_TIMEOUT with `details: { done, missing }` when a node that lives did not answer in time.
   */
  disconnectUser(userId: string, how?: CloseCodeName | CloseCode): Promise<number> {
    return this.#later(async (hub) => hub.disconnectUser(userId, how));
  }

  /** Closes a connection, on whichever node it is. Answers false when there is none. @default 'kicked' */
  disconnectConnection(connectionId: string, how?: CloseCodeName | CloseCode): Promise<boolean> {
    return this.#later((hub) => hub.disconnectConnection(connectionId, how));
  }

  /** What each node has counted, and whether one that lives gave no answer. */
  clusterStats(): Promise<ClusterStats> {
    return this.#later((hub) => hub.clusterStats());
  }

  /** The nodes that live, this one first. */
  nodes(): readonly NodeInfo[] {
    return this.#now().nodes();
  }

  /** Whether this node takes connections and reaches the others; for readiness probes. */
  health(): ClusterHealth {
    return this.#hub.health();
  }

  /**
   * Checks a token as the handshake does: same keys, same revocations; for guards of HTTP routes.
   * @throws {WscError} WSC_UNAUTHORIZED, WSC_FORBIDDEN, WSC_UNAVAILABLE
   */
  verifyToken(token: string): Promise<Principal> {
    return this.#later((hub) => hub.verifyToken(token));
  }

  /** The token is refused from now on, and connections made with it are closed with 4501; answers how many. */
  revokeToken(token: string): Promise<number> {
    return this.#later((hub) => hub.revokeToken(token));
  }

  /** Makes a one-time token for `?connect_token=`, for clients that can't send headers. @throws {TypeError} for what is no principal. */
  issueConnectToken(principal: Principal): Promise<IssuedConnectToken> {
    return this.#later((hub) => hub.issueConnectToken(principal));
  }

  /** Runs for each connection before its first message; a throw or `false` refuses it. */
  onConnect(callback: ConnectHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onConnect(mapErrors(callback)));
  }

  /** Runs before a client that comes back has its rooms and metadata again; a throw or `false` leaves it with a new connection. */
  onResume(callback: ResumeHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onResume(mapErrors(callback)));
  }

  onDisconnect(callback: DisconnectHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onDisconnect(callback));
  }

  /** Runs before each handler; a throw refuses the message. */
  onMessage(callback: MessageHook<MessageContext>): this {
    return this.#with((hub) => hub.hooks.onMessage(mapErrors(callback)));
  }

  /** Runs once per message sent, however many receive it. */
  onMessageSent(callback: MessageSentHook): this {
    return this.#with((hub) => hub.hooks.onMessageSent(callback));
  }

  onError(callback: ErrorHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onError(callback));
  }

  /** Hears the hub's events, later and in order. */
  onEvent(name: HubEventName | '*', listener: HubEventListener): this {
    return this.#with((hub) => hub.events.on(name, listener));
  }

  /** Around every message, the first one outermost. */
  use(middleware: Middleware<MessageContext>): this {
    return this.#with((hub) => hub.use(mapErrors(middleware)));
  }

  /** Around every handshake. */
  useUpgrade(middleware: Middleware<Handshake>): this {
    return this.#with((hub) => hub.useUpgrade(mapRefusals(middleware)));
  }

  addInterceptor(interceptor: WscInterceptor): this {
    return this.#with((hub) => hub.interceptors.add(interceptor));
  }

  /** Answers an event on every path. @throws {Error} when it has a handler, or the routes are frozen. */
  handle(event: string, handler: MessageHandler, options?: { readonly schema?: StandardSchemaV1 }): this {
    return this.#with((hub) => hub.handle(event, mapErrors(handler), options));
  }

  #with(register: (hub: Hub) => unknown): this {
    register(this.#hub);
    return this;
  }

  #now(): Hub {
    if (this.isEnabled) return this.#hub;
    throw switchedOff();
  }

  #later<T>(call: (hub: Hub) => Promise<T>): Promise<T> {
    if (this.isEnabled) return call(this.#hub);
    const refused = Promise.reject<T>(switchedOff());
    // Whoever awaits it hears of it; a send that nobody awaits must not end the process.
    refused.catch(() => undefined);
    return refused;
  }
}

function switchedOff(): WscError {
  return new WscError('WSC_UNAVAILABLE', {
    message: 'WebSockets are switched off in this application (WSC_ENABLED=false).',
  });
}
