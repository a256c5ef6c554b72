import type { Redis } from 'ioredis';
import type { MaybePromise } from '../../../core/async/maybe-promise.js';
import { messageOf } from '../../../core/async/as-error.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import { endClient } from '../end-client.js';
import { isReplyError } from '../redis-errors.js';
import { ChannelWaiters } from './channel-waiters.js';
import { Heartbeat } from './heartbeat.js';
import type { ChannelListener, RedisSubscriber } from './redis-subscriber.js';

/** Channels in one command: each is answered by itself, and Redis serves nobody else meanwhile. */
const channelsPerCommand = 500;
/** Until a channel is asked for again that Redis refused to subscribe anew. */
const retryMs = 1_000;

/** What a {@link SubscriberLink} needs. */
export interface SubscriberLinkOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sharded: subscribes with SSUBSCRIBE, to channels of which each command's are in one slot. @default false */
  readonly isSharded?: boolean;
  /** The part of a channel that decides about its slot; where sharded. */
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
  #isWhole = false;
  #isClosed = false;
  #gaps = 0;

  constructor(client: Redis, options: SubscriberLinkOptions) {
    this.#client = client;
    this.#options = options;
    this.#heartbeat = new Heartbeat(client, options.clock);
    const event = options.isSharded === true ? 'smessageBuffer' : 'messageBuffer';
    client.on(event, (channel: Buffer, payload: Buffer) => this.#hear(channel.toString(), payload));
    client.on('ready', () => this.#opened());
    client.on('close', () => this.#lost());
    client.on('moved', () => options.onMoved?.());
  }

  get isWhole(): boolean {
    return this.#isWhole;
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
    wanted.waiters ??= new ChannelWaiters(this.#options.clock, () => this.unsubscribe(channel));
    return wanted.waiters.promise;
  }

  unsubscribe(channel: string): void {
    const wanted = this.#wanted.get(channel);
    if (wanted === undefined) return;
    this.#wanted.delete(channel);
    wanted.waiters?.reject(new Error('The subscription was ended before Redis had confirmed it.'));
    this.#change(channel);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#heartbeat.stop();
    for (const channel of [...this.#wanted.keys()]) this.unsubscribe(channel);
    await endClient(this.#client, this.#options.clock);
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
    if (connection === this.#connection && this.#isUp) this.#isWhole = true;
  }

  #lost(): void {
    if (this.#isWhole) this.#gaps += 1;
    this.#isWhole = false;
    this.#isUp = false;
    this.#heartbeat.stop();
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
    for (const chunk of this.#chunks(channels)) {
      const { isSharded } = this.#options;
      const answer = isSharded === true ? this.#client.sunsubscribe(...chunk) : this.#client.unsubscribe(...chunk);
      answer.catch((cause: unknown) => this.#failed([], cause));
    }
  }

  async #subscribeAll(channels: readonly string[]): Promise<void> {
    await Promise.all(this.#chunks(channels).map(async (chunk) => this.#subscribeChunk(chunk)));
  }

  async #subscribeChunk(channels: readonly string[]): Promise<void> {
    const connection = this.#connection;
    // These and no others: one that is ended and wanted again while Redis answers is another subscription.
    const asked = channels.map((channel) => this.#wanted.get(channel));
    try {
      const { isSharded } = this.#options;
      await (isSharded === true ? this.#client.ssubscribe(...channels) : this.#client.subscribe(...channels));
    } catch (cause) {
      if (connection === this.#connection) this.#failed(channels, cause);
      return;
    }
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
    if (messageOf(cause).startsWith('MOVED')) this.#options.onMoved?.();
    else this.#options.logger.error('Redis refuses a subscription.', { cause, channels: channels.length });
    this.#options.clock.after(retryMs, () => {
      for (const channel of channels) if (this.#wanted.has(channel)) this.#change(channel);
    });
  }

  #chunks(channels: readonly string[]): readonly (readonly string[])[] {
    const chunks: string[][] = [];
    for (const group of this.#groups(channels)) {
      for (let start = 0; start < group.length; start += channelsPerCommand) {
        chunks.push(group.slice(start, start + channelsPerCommand));
      }
    }
    return chunks;
  }

  /** On Redis Cluster a command's channels must be in one slot. */
  #groups(channels: readonly string[]): Iterable<readonly string[]> {
    const { slotOf } = this.#options;
    if (slotOf === undefined) return [channels];
    const groups = new Map<number, string[]>();
    for (const channel of channels) {
      const group = groups.get(slotOf(channel));
      if (group === undefined) groups.set(slotOf(channel), [channel]);
      else group.push(channel);
    }
    return groups.values();
  }
}
