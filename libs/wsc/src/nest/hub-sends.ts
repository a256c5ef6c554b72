import type { DataUpdate, Notification } from '@nest-wsc/protocol';
import type {
  AckOutcome,
  AckSendOptions,
  Audience,
  Connection,
  Hub,
  MessageInput,
  RoomSendOptions,
  SendOptions,
  SendResult,
  UserSendOptions,
} from '../core/index.js';
import type { EnabledHub } from './enabled-hub.js';
import { HubRegistrations } from './hub-registrations.js';

/** What an application sends: to everyone, to users, connections and rooms, to those that it picks. */
export abstract class HubSends extends HubRegistrations {
  readonly #enabled: EnabledHub;

  constructor(hub: Hub, enabled: EnabledHub) {
    super(hub);
    this.#enabled = enabled;
  }

  /** To everyone. */
  broadcast(message: MessageInput, options?: SendOptions): Promise<SendResult> {
    return this.#enabled.later((hub) => hub.broadcast(message, options));
  }

  /**
   * To all devices of a user. With `durable: true` the user's inbox keeps it until each known device has acknowledged it or its time is
   * up; then the promise settles once it is kept, and rejects where it is not.
   * @throws {WscError} durable: WSC_LIMIT_EXCEEDED for a full inbox, WSC_UNAVAILABLE, WSC_TIMEOUT (send again with the same `id`)
   */
  sendToUser(userId: string, message: MessageInput, options?: UserSendOptions): Promise<SendResult> {
    return this.#enabled.later((hub) => hub.sendToUser(userId, message, options));
  }

  /** To all devices of each user, with one message id; results in the same order. */
  sendToUsers(userIds: readonly string[], message: MessageInput): Promise<readonly SendResult[]> {
    return this.#enabled.later((hub) => hub.sendToUsers(userIds, message));
  }

  /** To a user, waiting for one of the user's devices to acknowledge. The outcome is never a guess: see {@link AckOutcome}. */
  sendToUserWithAck(
    userId: string,
    message: MessageInput,
    options?: AckSendOptions & UserSendOptions,
  ): Promise<AckOutcome> {
    return this.#enabled.later((hub) => hub.sendToUserWithAck(userId, message, options));
  }

  /** To one connection, on whichever node it is. */
  sendToConnection(connectionId: string, message: MessageInput): Promise<SendResult> {
    return this.#enabled.later((hub) => hub.sendToConnection(connectionId, message));
  }

  /**
   * To the members and subscribers of a room. Where its namespace has history the answer has its place, and comes once it is stored.
   * @throws {WscError} with history: WSC_UNAVAILABLE where it is certainly not stored, WSC_TIMEOUT where that is unknown (send again with
   *   the same `id`), WSC_LIMIT_EXCEEDED
   */
  sendToRoom(room: string, message: MessageInput, options?: RoomSendOptions): Promise<SendResult> {
    return this.#enabled.later((hub) => hub.sendToRoom(room, message, options));
  }

  /** To those of everyone that `audience` picks: by user types, rooms, or metadata that is exactly so. */
  sendWhere(audience: Audience, message: MessageInput): Promise<SendResult> {
    return this.#enabled.later((hub) => hub.sendWhere(audience, message));
  }

  /** To the connections of this node that `predicate` picks; a function can't be asked on another node. */
  sendWhereHere(predicate: (connection: Connection) => boolean, message: MessageInput): Promise<SendResult> {
    return this.#enabled.later((hub) => hub.sendWhereHere(predicate, message));
  }

  /** To every connection of a user type. */
  sendToUserType(userType: string, message: MessageInput): Promise<SendResult> {
    return this.sendWhere({ userTypes: [userType] }, message);
  }

  /** Sends a user the event `notification` (PROTOCOL.md §4). */
  notify(userId: string, notification: Notification, options?: UserSendOptions): Promise<SendResult> {
    return this.sendToUser(userId, { event: 'notification', data: notification }, options);
  }

  /** Sends everyone the event `notification`. */
  notifyAll(notification: Notification): Promise<SendResult> {
    return this.broadcast({ event: 'notification', data: notification });
  }

  /** Tells everyone with the event `data_update` that data has changed (PROTOCOL.md §4). */
  dataUpdate(update: DataUpdate): Promise<SendResult> {
    return this.broadcast({ event: 'data_update', data: update });
  }
}
