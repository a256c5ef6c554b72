import { WscError } from '@nest-wsc/protocol';
import { clusterLimits, encodeClusterBatch } from '@nest-wsc/protocol/cluster';
import type { Cluster, Redis } from 'ioredis';

/** What may be on its way to Redis and not answered: a Redis that is slow costs so much memory, and then publishing fails. */
const maxUnansweredBytes = 33_554_432;
/** What a message costs beside its bytes: its promise, and its place in a batch. */
const overheadBytes = 256;
/** Over it a batch is closed: Redis copies each payload once per subscriber, and receivers read it in one go. */
const fullBatchBytes = 262_144;

/** The messages of one turn to one channel. */
interface Batch {
  readonly channel: string;
  readonly messages: string[];
  bytes: number;
  readonly published: Promise<number>;
  readonly settle: (receivers: number | Promise<number>) => void;
}

/** What {@link Outgoing} needs. */
export interface OutgoingOptions {
  readonly client: Redis | Cluster;
  /** What each batch starts with. */
  readonly head: () => string;
}

/**
 * Publishes messages, those of one turn to one channel in one command: that is what makes a burst cheap, for who publishes, for Redis and
 * for each node that receives it. Keeps the order per channel.
 */
export class Outgoing {
  readonly #options: OutgoingOptions;
  /** Of this turn, in their order. */
  #batches: Batch[] = [];
  /** The one of a channel that takes more. */
  readonly #open = new Map<string, Batch>();
  readonly #unanswered = new Set<Promise<number>>();
  #unansweredBytes = 0;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /**
   * Answers how many connections to Redis it was handed to, the publisher's own included.
   * @throws {WscError} WSC_UNAVAILABLE at once, where Redis is not connected or too slow; WSC_MESSAGE_TOO_LARGE.
   */
  add(channel: string, message: string): Promise<number> {
    const bytes = Buffer.byteLength(message);
    if (bytes > clusterLimits.maxMessageBytes) throw new WscError('WSC_MESSAGE_TOO_LARGE');
    if (this.#options.client.status !== 'ready') {
      throw new WscError('WSC_UNAVAILABLE', { message: 'Redis is not connected.' });
    }
    if (this.#unansweredBytes + bytes + overheadBytes > maxUnansweredBytes) {
      throw new WscError('WSC_UNAVAILABLE', { message: 'Redis does not answer as fast as messages are published.' });
    }
    this.#unansweredBytes += bytes + overheadBytes;
    return this.#append(channel, message, bytes).published;
  }

  /** Publishes what is there and waits for the answers. */
  async close(): Promise<void> {
    this.#flush();
    await Promise.allSettled(this.#unanswered);
  }

  #append(channel: string, message: string, bytes: number): Batch {
    let batch = this.#open.get(channel);
    if (batch === undefined) {
      if (this.#batches.length === 0) setImmediate(() => this.#flush());
      batch = this.#createBatch(channel);
      this.#batches.push(batch);
      this.#open.set(channel, batch);
    }
    batch.messages.push(message);
    batch.bytes += bytes + overheadBytes;
    if (batch.bytes > fullBatchBytes || batch.messages.length === clusterLimits.maxBatchMessages)
      this.#open.delete(channel);
    return batch;
  }

  #createBatch(channel: string): Batch {
    let settle: Batch['settle'] = () => undefined;
    const published = new Promise<number>((resolve) => (settle = resolve));
    this.#unanswered.add(published);
    return { channel, messages: [], bytes: 0, published, settle };
  }

  #flush(): void {
    const batches = this.#batches;
    this.#batches = [];
    this.#open.clear();
    const head = this.#options.head();
    for (const batch of batches) batch.settle(this.#publish(batch, encodeClusterBatch(head, batch.messages)));
  }

  async #publish({ channel, bytes, published }: Batch, payload: string): Promise<number> {
    const { client } = this.#options;
    try {
      // On Redis Cluster only those hear of it who ask the node that has the channel's slot, instead of all nodes of the cluster.
      const answer: unknown = await (client.isCluster
        ? client.spublish(channel, payload)
        : client.publish(channel, payload));
      return Number(answer);
    } finally {
      this.#unanswered.delete(published);
      this.#unansweredBytes -= bytes;
    }
  }
}
