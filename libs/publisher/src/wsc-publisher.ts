import {
  parseName,
  parseUserId,
  WscError,
  type DataUpdate,
  type MessageInput,
  type Notification,
} from '@nest-wsc/protocol';
import type { ClusterChannels } from '@nest-wsc/protocol/cluster';
import type { RedisOptions } from '@nest-wsc/redis';
import { silentLog, type PublisherLog } from './publisher-log.js';
import { RedisLink } from './redis-link.js';
import { writeMessage, type MessageAddress } from './write-message.js';

/** Where the gateways' Redis is. */
export interface WscPublisherOptions {
  /** The same as the gateways have, prefix included: a URL, settings, or a client of `ioredis` that is duplicated. */
  readonly redis: RedisOptions;
  /** @default none */
  readonly log?: PublisherLog;
}

/** What is wanted of a message that has its content already. */
export interface PublishOptions {
  /**
   * The message's id, 1..64 characters; made when absent (UUIDv7). With one of your own a repeat is the same message: the client library
   * hands it over once.
   */
  readonly id?: string;
}

/** What is known once Redis has answered. */
export interface PublishResult {
  readonly id: string;
  /**
   * How many gateways it was handed to. 0: nobody for whom it was meant is connected, and nothing was kept. For how many connections they
   * queue it is not known; one that the user has just left counts for some seconds more.
   */
  readonly nodes: number;
}

/**
 * Sends through the gateways on the same Redis, from a service that holds no sockets. Promises: messages of one publisher to one user,
 * room or everyone arrive in the order of the calls; a call settles within 2 s; nothing is sent twice. Does not promise: that anybody is
 * there (see {@link PublishResult}), or that a message is kept for who is not. A call that nobody awaits ends nothing when it fails.
 *
 * All calls reject with {@link WscError}: `WSC_UNAVAILABLE` when Redis can't be reached (nobody got it: try again later), `WSC_TIMEOUT`
 * when it is not known (a repeat with the same id shows once), `WSC_INVALID_NAME`, `WSC_MESSAGE_TOO_LARGE`; and with a `TypeError` for
 * a message that no program should send.
 */
export class WscPublisher {
  readonly #link: RedisLink;
  readonly #log: PublisherLog;

  private constructor(link: RedisLink, log: PublisherLog) {
    this.#link = link;
    this.#log = log;
  }

  /**
   * Connects. Where Redis is not there within 2 s, it goes on without: calls fail until it is. Whoever opened it closes it.
   * @throws {TypeError} for options that can't be.
   */
  static async open({ redis, log = silentLog }: WscPublisherOptions): Promise<WscPublisher> {
    return new WscPublisher(await RedisLink.open(redis, log), log);
  }

  /** Whether a call would reach Redis now; for readiness probes. */
  get isReady(): boolean {
    return this.#link.isReady;
  }

  /** To everyone. */
  broadcast(message: MessageInput): Promise<PublishResult> {
    return this.#publish(message, ({ everyone }) => ({ channel: everyone }));
  }

  /** To all devices of a user. */
  toUser(userId: string, message: MessageInput): Promise<PublishResult> {
    return this.#publish(message, (channels) => ({ channel: channels.user(parseUserId(userId)) }));
  }

  /** To every connection of a user type. */
  toUserType(userType: string, message: MessageInput): Promise<PublishResult> {
    return this.#publish(message, ({ everyone }) => ({
      channel: everyone,
      audience: { userTypes: [parseUserType(userType)] },
    }));
  }

  /** To the members and subscribers of a room. */
  toRoom(room: string, message: MessageInput): Promise<PublishResult> {
    return this.#publish(message, (channels) => ({ channel: channels.room(parseName(room, 'room')), room }));
  }

  /** Sends a user the event `notification` (PROTOCOL.md §4). */
  notify(userId: string, notification: Notification, options?: PublishOptions): Promise<PublishResult> {
    return this.toUser(userId, { ...options, event: 'notification', data: notification });
  }

  /** Sends everyone the event `notification`. */
  notifyAll(notification: Notification, options?: PublishOptions): Promise<PublishResult> {
    return this.broadcast({ ...options, event: 'notification', data: notification });
  }

  /** Tells everyone with the event `data_update` that data has changed (PROTOCOL.md §4). */
  dataUpdate(update: DataUpdate, options?: PublishOptions): Promise<PublishResult> {
    return this.broadcast({ ...options, event: 'data_update', data: update });
  }

  /** Waits for what was published to go out, then ends the connection. Calls are refused from now on. */
  async close(): Promise<void> {
    await this.#link.close();
  }

  #publish(message: MessageInput, target: (channels: ClusterChannels) => Target): Promise<PublishResult> {
    const published = this.#send(message, target);
    // Whoever awaits it hears of it; a send that nobody awaits must not end the process.
    published.catch((cause: unknown) => this.#log.debug('A message was not published.', { cause }));
    return published;
  }

  /** Up to the connection it runs in the caller's turn, so that sends keep their order. */
  async #send(message: MessageInput, target: (channels: ClusterChannels) => Target): Promise<PublishResult> {
    const { channel, ...address } = target(this.#link.channels);
    const { id, text } = writeMessage(message, address);
    return { id, nodes: await this.#link.publish(channel, text) };
  }
}

/** Where a message goes. */
interface Target extends MessageAddress {
  readonly channel: string;
}

/** By the same rule as the gateways'. */
function parseUserType(userType: unknown): string {
  if (typeof userType === 'string' && userType.length > 0 && userType.length <= 128) return userType;
  throw new WscError('WSC_VALIDATION_FAILED', {
    message: 'Expected the user type to be a text of 1 to 128 characters.',
  });
}
