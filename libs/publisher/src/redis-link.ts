import { WscError } from '@nest-wsc/protocol';
import { clusterBatchHead, ClusterChannels, clusterPartitionCount } from '@nest-wsc/protocol/cluster';
import {
  connectClient,
  createCommandClient,
  endClient,
  isConnected,
  isEffectUnknown,
  logOutages,
  Outgoing,
  resolveRedisOptions,
  type RedisOptions,
} from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import type { PublisherLog } from './publisher-log.js';

// No node: nothing comes back to it, and no gateway takes its messages for its own.
const head = clusterBatchHead();

/** The publisher's connection to Redis. It comes back by itself; while it is gone nothing is queued. */
export class RedisLink {
  readonly channels: ClusterChannels;
  readonly #client: Redis | Cluster;
  readonly #outgoing: Outgoing;
  #closing: Promise<void> | undefined;

  private constructor(client: Redis | Cluster, prefix: string, log: PublisherLog) {
    this.channels = new ClusterChannels({ prefix, partitionCount: client.isCluster ? clusterPartitionCount : 1 });
    this.#client = client;
    this.#outgoing = new Outgoing({ client, head: () => head });
    logOutages(client, 'commands', log);
  }

  /**
   * Connects. Where Redis is not there within 2 s, it goes on without: the connection comes when it does.
   * @throws {TypeError} for options that can't be.
   */
  static async open(options: RedisOptions, log: PublisherLog): Promise<RedisLink> {
    const resolved = resolveRedisOptions(options);
    const client = await createCommandClient(resolved);
    const link = new RedisLink(client, resolved.prefix, log);
    await connectClient(client);
    return link;
  }

  get isReady(): boolean {
    return this.#closing === undefined && isConnected(this.#client);
  }

  /**
   * Answers how many gateways it was handed to.
   * @throws {WscError} WSC_UNAVAILABLE where Redis can't be reached; WSC_TIMEOUT where gateways may have got it all the same;
   *   WSC_MESSAGE_TOO_LARGE.
   */
  async publish(channel: string, text: string): Promise<number> {
    if (this.#closing !== undefined) throw new WscError('WSC_UNAVAILABLE', { message: 'The publisher is closed.' });
    try {
      return await this.#outgoing.add(channel, text);
    } catch (cause) {
      if (cause instanceof WscError) throw cause;
      throw new WscError(isEffectUnknown(cause) ? 'WSC_TIMEOUT' : 'WSC_UNAVAILABLE', { cause });
    }
  }

  /** Waits for what was published to go out, then ends the connection. */
  async close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await this.#outgoing.close();
    await endClient(this.#client);
  }
}
