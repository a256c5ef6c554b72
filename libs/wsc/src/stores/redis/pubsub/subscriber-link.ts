import { endClient, isReplyError } from '@nest-wsc/redis';
import type { Redis } from 'ioredis';
import type { MaybePromise } from '../../../core/async/maybe-promise.js';
import { messageOf } from '../../../core/async/as-error.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import { toChunks } from './channel-chunks.js';
import { ChannelWaiters } from './channel-waiters.js';
import { Heartbeat } from './heartbeat.js';
import type { ChannelListener, RedisSubscriber } from './redis-subscriber.js';

/** Until a channel is asked for again that Redis refused to subscribe anew. */
const retryMs = 1_000;

/** What a {@link SubscriberLink} needs. */
export interface SubscriberLinkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** The slot of a channel on Redis Cluster: subscribes with SSUBSCRIBE. Absent: with SUBSCRIBE. */
  readonly slotOf?: (channel: string) => number;
  /** Redis refused a channel, or ended it, since it belongs to another node of the cluster now. */
  readonly onMoved?: () => void;
}

/** A channel that is listened to. */
interface Wanted {
  readonly listener: ChannelListener;
  /** The number of the connection on which Redis has confirmed it. */
  confirmedOn: number;
  waiters: ChannelWaiters | undefined;
}

/** One connection that listens, with the channels it shall listen to. It owns the client. */
export class SubscriberLink implements RedisSubscriber {
  readonly #client: Redis;
  readonly #options: SubscriberLinkOptions;
  readonly #heartbeat: Heartbeat;
  readonly #wanted = new Map<string, Wanted>();
  /** What has to be told to Redis, at the end of the turn. */
  readonly #changed = new Set<string>();
  /** Counts connections: what was confirmed on an earlier one holds no more. */
  #connection = 0;
  #isUp = false;
  /** Whether everything was asked for on this connection. */
  #isComplete = false;
  /** What Redis does not let it listen to, so far. */
  readonly #refused = new Set<string>();
  /** Told once, until nothing is refused. */
  #hasToldRefusal = false;
  #isClosed = false;
  #isMoving = false;
  #gaps = 0;

  constructor(client: Redis, options: SubscriberLinkOptions) {
    this.#client = client;
    this.#options = options;
    this.#heartbeat = new Heartbeat(client, options.clock);
    const event = options.slotOf === undefined ? 'messageBuffer' : 'smessageBuffer';
    client.on(event, (channel: Buffer, payload: Buffer) => this.#hear(channel.toString(), payload));
    client.on('ready', () => this.#opened());
    client.on('close', () => this.#lost());
    client.on('moved', () => this.#moved());
  }

  get isWhole(): boolean {
    return this.#isUp && this.#isComplete && this.#refused.size === 0;
  }

  get gaps(): number {
    return this.#gaps;
  }

  isSubscribed(channel: string): boolean {
    return this.#isUp && this.#wanted.get(channel)?.confirmedOn === this.#connection;
  }

  subscribe(channel: string, listener: ChannelListener): MaybePromise<void> {
    if (this.isSubscribed(channel)) return;
    let wanted = this.#wanted.get(channel);
    if (wanted === undefined) {
      wanted = { listener, confirmedOn: 0, waiters: undefined };
      this.#wanted.set(channel, wanted);
      this.#change(channel);
    }
    return this.#waitersOf(wanted).promise;
  }

  unsubscribe(channel: string): void {
    const wanted = this.#wanted.get(channel);
    if (wanted === undefined) return;
    this.#wanted.delete(channel);
    this.#refused.delete(channel);
    wanted.waiters?.reject(new Error('The subscription was ended before Redis had confirmed it.'));
    this.#change(channel);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#heartbeat.stop();
    for (const channel of [...this.#wanted.keys()]) this.unsubscribe(channel);
    await endClient(this.#client);
  }

  #waitersOf(wanted: Wanted): ChannelWaiters {
    wanted.waiters ??= new ChannelWaiters(this.#options.clock, () => {
      // It stays wanted: others may have subscribed before, when Redis was there.
      wanted.waiters = undefined;
    });
    return wanted.waiters;
  }

  #hear(channel: string, payload: Buffer): void {
    try {
      this.#wanted.get(channel)?.listener(payload);
    } catch (cause) {
      // ioredis would throw it where nobody can catch it.
      this.#options.logger.error('A message from Redis could not be taken.', { cause });
    }
  }

  #opened(): void {
    if (this.#isClosed) return;
    this.#connection += 1;
    this.#isUp = true;
    this.#heartbeat.start();
    this.#changed.clear();
    void this.#resubscribe(this.#connection);
  }

  async #resubscribe(connection: number): Promise<void> {
    await this.#subscribeAll([...this.#wanted.keys()]);
    if (connection === this.#connection) this.#isComplete = true;
  }

  #lost(): void {
    if (this.#isComplete) this.#gaps += 1;
    this.#isComplete = false;
    this.#isUp = false;
    this.#heartbeat.stop();
  }

  /**
   * A slot has left this node, with the subscriptions in it; or one was refused for that. Which it was is not told, and it may be back by
   * now, so everything is asked for once more: what is elsewhere is refused, and moved by whoever knows where to.
   */
  #moved(): void {
    this.#options.onMoved?.();
    if (this.#isMoving) return;
    this.#isMoving = true;
    this.#gaps += 1;
    this.#options.clock.after(retryMs, () => {
      this.#isMoving = false;
      if (this.#isUp && !this.#isClosed) void this.#subscribeAll([...this.#wanted.keys()]);
    });
  }

  /** Redis is told once a turn, however many channels came and went in it. */
  #change(channel: string): void {
    if (!this.#isUp) return;
    if (this.#changed.size === 0) this.#options.clock.nextTurn(() => this.#tell());
    this.#changed.add(channel);
  }

  #tell(): void {
    const changed = [...this.#changed];
    this.#changed.clear();
    // On a connection that came meanwhile everything was told already.
    if (!this.#isUp || this.#isClosed) return;
    this.#unsubscribeAll(changed.filter((channel) => !this.#wanted.has(channel)));
    void this.#subscribeAll(changed.filter((channel) => this.#wanted.has(channel)));
  }

  #unsubscribeAll(channels: readonly string[]): void {
    for (const chunk of toChunks(channels, this.#options.slotOf)) {
      const { slotOf } = this.#options;
      const answer = slotOf === undefined ? this.#client.unsubscribe(...chunk) : this.#client.sunsubscribe(...chunk);
      answer.catch((cause: unknown) => this.#failed([], cause));
    }
  }

  async #subscribeAll(channels: readonly string[]): Promise<void> {
    await Promise.all(toChunks(channels, this.#options.slotOf).map(async (chunk) => this.#subscribeChunk(chunk)));
  }

  async #subscribeChunk(channels: readonly string[]): Promise<void> {
    const connection = this.#connection;
    // These and no others: one that is ended and wanted again while Redis answers is another subscription.
    const asked = channels.map((channel) => this.#wanted.get(channel));
    try {
      const { slotOf } = this.#options;
      await (slotOf === undefined ? this.#client.subscribe(...channels) : this.#client.ssubscribe(...channels));
    } catch (cause) {
      if (connection === this.#connection) this.#failed(channels, cause);
      return;
    }
    for (const channel of channels) this.#refused.delete(channel);
    if (this.#refused.size === 0) this.#hasToldRefusal = false;
    for (const wanted of asked) {
      if (wanted === undefined) continue;
      wanted.confirmedOn = connection;
      wanted.waiters?.resolve();
      wanted.waiters = undefined;
    }
  }

  /** An answer that is an error is about the channels; no answer at all is about the connection. */
  #failed(channels: readonly string[], cause: unknown): void {
    if (this.#isClosed) return;
    if (!isReplyError(cause)) {
      if (this.#isUp) this.#client.disconnect(true);
      return;
    }
    this.#tellRefusal(messageOf(cause));
    const refused = channels.filter((channel) => this.#wanted.has(channel));
    for (const channel of refused) {
      this.#refused.add(channel);
      const wanted = this.#wanted.get(channel);
      if (wanted !== undefined) wanted.confirmedOn = 0;
    }
    this.#options.clock.after(retryMs, () => {
      for (const channel of refused) if (this.#refused.has(channel)) this.#change(channel);
    });
  }

  /** It is asked for each second, and by everyone who comes. */
  #tellRefusal(reason: string): void {
    // ioredis has told of a move.
    if (this.#hasToldRefusal || reason.startsWith('MOVED')) return;
    this.#hasToldRefusal = true;
    this.#options.logger.error('Redis refuses a subscription. It is tried again until it is not.', { reason });
  }
}
