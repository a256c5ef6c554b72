import { Inject, Injectable } from '@nestjs/common';
import type { CloseCode, CloseCodeName } from '@nest-wsc/protocol';
import {
  Hub,
  type ClusterHealth,
  type ClusterStats,
  type Connection,
  type DeadLetter,
  type HubStats,
  type InboxSize,
  type IssuedConnectToken,
  type MessageRecord,
  type NodeInfo,
  type PageRequest,
  type PresenceEntry,
  type Principal,
  type RoomInfo,
  type RoomOptions,
  type RoomUser,
  type SendResult,
  type UserPage,
} from '../core/index.js';
import { WscConfigService } from './config/wsc-config.service.js';
import type { WscConfig } from './config/wsc-options.js';
import { EnabledHub } from './enabled-hub.js';
import { HubSends } from './hub-sends.js';

/**
 * The hub, for the rest of the application: inject it anywhere. Sends run in the caller's turn up to the outboxes, so that they keep
 * their order, and their promises say what is true: for how many connections the message was queued. A send that nobody awaits ends
 * nothing when it fails. With `WSC_ENABLED=false` every call that needs connections rejects with WSC_UNAVAILABLE; registrations, which answer the service itself so that they can be chained, do nothing.
 */
@Injectable()
export class HubService extends HubSends {
  readonly #hub: Hub;
  readonly #config: WscConfigService;
  readonly #enabled: EnabledHub;

  constructor(@Inject(Hub) hub: Hub, @Inject(WscConfigService) config: WscConfigService) {
    const enabled = new EnabledHub(hub, config);
    super(hub, enabled);
    this.#hub = hub;
    this.#config = config;
    this.#enabled = enabled;
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

  /** How many durable messages wait for a user, and how many are dead letters. */
  inboxSize(userId: string): Promise<InboxSize> {
    return this.#enabled.later((hub) => hub.inboxes.size(userId));
  }

  /** A user's durable messages whose time was up before each device had them; the newest first, at most 100. */
  deadLetters(userId: string): Promise<readonly DeadLetter[]> {
    return this.#enabled.later((hub) => hub.inboxes.deadLetters(userId));
  }

  /** Sends a dead letter again, as a durable message with an id of its own; undefined where there is none with this id. */
  resendDeadLetter(userId: string, messageId: string): Promise<SendResult | undefined> {
    return this.#enabled.later((hub) => hub.inboxes.resendDeadLetter(userId, messageId));
  }

  /**
   * What has become of a durable message, or of one whose acknowledgement was waited for: for seven days; undefined where nothing is known.
   */
  messageRecord(userId: string, messageId: string): Promise<MessageRecord | undefined> {
    return this.#enabled.later((hub) => hub.inboxes.record(userId, messageId));
  }

  /** Sends a message again, durably, that has expired or failed; undefined where it has not, or is not kept any more. */
  retryMessage(userId: string, messageId: string): Promise<SendResult | undefined> {
    return this.#enabled.later((hub) => hub.inboxes.retry(userId, messageId));
  }

  /** Makes a room that stays when it is empty. @throws {WscError} WSC_INVALID_NAME, WSC_LIMIT_EXCEEDED, WSC_UNAVAILABLE when disabled. */
  createRoom(room: string, options?: RoomOptions): RoomInfo {
    return this.#enabled.now().createRoom(room, options);
  }

  /** Puts its members out on all nodes, who hear `room_closed`. Answers how many they were. */
  deleteRoom(room: string, reason?: string): Promise<number> {
    return this.#enabled.later((hub) => hub.deleteRoom(room, reason));
  }

  roomInfo(room: string): RoomInfo | undefined {
    return this.#enabled.now().roomInfo(room);
  }

  /** The rooms of this node. */
  rooms(): readonly RoomInfo[] {
    return this.#enabled.now().rooms();
  }

  /** Puts a connection into a room, on whichever node it is. */
  join(connectionId: string, room: string): Promise<void> {
    return this.#enabled.later((hub) => hub.join(connectionId, room));
  }

  leave(connectionId: string, room: string): Promise<void> {
    return this.#enabled.later((hub) => hub.leave(connectionId, room));
  }

  roomMembers(room: string): Promise<readonly RoomUser[]> {
    return this.#enabled.later((hub) => hub.roomMembers(room));
  }

  /**
   * Asks whether its client may write to a room, by the same policy as `room_message`; for handlers of your own.
   * @throws {WscError} WSC_FORBIDDEN
   */
  authorizePublish(connection: Connection, room: string): Promise<void> {
    return this.#enabled.later((hub) => hub.authorizePublish(connection, room));
  }

  roomsOf(connectionId: string): readonly string[] {
    return this.#enabled.now().roomsOf(connectionId);
  }

  isUserOnline(userId: string): Promise<boolean> {
    return this.#enabled.later((hub) => hub.isUserOnline(userId));
  }

  onlineUsers(page?: PageRequest): Promise<UserPage> {
    return this.#enabled.later((hub) => hub.onlineUsers(page));
  }

  onlineUserCount(): Promise<number> {
    return this.#enabled.later((hub) => hub.onlineUserCount());
  }

  /** The user's connections on all nodes. */
  userConnections(userId: string): Promise<readonly PresenceEntry[]> {
    return this.#enabled.later((hub) => hub.userConnections(userId));
  }

  /** The user's connections on this node. */
  connectionsOf(userId: string): readonly Connection[] {
    return this.#enabled.now().connectionsOf(userId);
  }

  connection(connectionId: string): Connection | undefined {
    return this.#enabled.now().connection(connectionId);
  }

  /** All connections of this node. */
  connections(): IterableIterator<Connection> {
    return this.#enabled.now().connections();
  }

  /**
   * Closes a user's connections on all nodes and answers how many they were. With a code from 4500 on, as by default, the user can resume
   * none of them, nor any that ended before.
   * @param how @default 'kicked'
   * @throws {WscError} WSC_TIMEOUT with `details: { done, missing }` when a node that lives did not answer in time; WSC_UNAVAILABLE where
   *   sessions may be left.
   */
  disconnectUser(userId: string, how?: CloseCodeName | CloseCode): Promise<number> {
    return this.#enabled.later(async (hub) => hub.disconnectUser(userId, how));
  }

  /** Closes a connection, on whichever node it is. Answers false when there is none. @param how @default 'kicked' */
  disconnectConnection(connectionId: string, how?: CloseCodeName | CloseCode): Promise<boolean> {
    return this.#enabled.later((hub) => hub.disconnectConnection(connectionId, how));
  }

  /** What each node has counted, and whether one that lives gave no answer. */
  clusterStats(): Promise<ClusterStats> {
    return this.#enabled.later((hub) => hub.clusterStats());
  }

  /** The nodes that live, this one first. */
  nodes(): readonly NodeInfo[] {
    return this.#enabled.now().nodes();
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
    return this.#enabled.later((hub) => hub.verifyToken(token));
  }

  /** The token is refused from now on, and connections made with it are closed with 4501; answers how many. */
  revokeToken(token: string): Promise<number> {
    return this.#enabled.later((hub) => hub.revokeToken(token));
  }

  /** Makes a one-time token for `?connect_token=`, for clients that can't send headers. @throws {TypeError} for what is no principal. */
  issueConnectToken(principal: Principal): Promise<IssuedConnectToken> {
    return this.#enabled.later((hub) => hub.issueConnectToken(principal));
  }
}
