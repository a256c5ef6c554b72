import type { Cluster } from 'ioredis';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import { logOutages } from '../log-outages.js';
import { subscriberOptions } from '../client-options.js';
import { hashSlotOf } from '../hash-slot.js';
import { redisError } from '../redis-errors.js';
import type { ChannelListener, RedisSubscriber } from './redis-subscriber.js';
import { SubscriberLink } from './subscriber-link.js';

/** Until what could not be subscribed anew is tried again. */
const retryMs = 1_000;

/** What a {@link ClusterSubscriber} needs. */
export interface ClusterSubscriberOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sharded: each channel on the node that has its slot. Else all on one node, to which the others forward. */
  readonly isSharded: boolean;
}

/** A channel, and the node of the cluster on which it is subscribed. */
interface Placed {
  readonly listener: ChannelListener;
  node: string | undefined;
}

/**
 * Listens to channels of a Redis Cluster: one connection for each node on which something is subscribed. ioredis can do so too, but does
 * not tell whether a subscription has outlived a move or a reconnect, nor notice a connection that is dead.
 */
export class ClusterSubscriber implements RedisSubscriber {
  readonly #cluster: Cluster;
  readonly #options: ClusterSubscriberOptions;
  readonly #links = new Map<string, SubscriberLink>();
  readonly #channels = new Map<string, Placed>();
  #gapsOfClosed = 0;
  #isClosed = false;
  #isRetrying = false;

  /** @param cluster for its map of the nodes; not owned. */
  constructor(cluster: Cluster, options: ClusterSubscriberOptions) {
    this.#cluster = cluster;
    this.#options = options;
    cluster.on('refresh', () => this.#follow());
    cluster.on('ready', () => this.#follow());
  }

  get isWhole(): boolean {
    if (this.#cluster.status !== 'ready' || this.#isRetrying) return false;
    for (const link of this.#links.values()) if (!link.isWhole) return false;
    return true;
  }

  get gaps(): number {
    let gaps = this.#gapsOfClosed;
    for (const link of this.#links.values()) gaps += link.gaps;
    return gaps;
  }

  isSubscribed(channel: string): boolean {
    return this.#linkOf(this.#channels.get(channel))?.isSubscribed(channel) === true;
  }

  async subscribe(channel: string, listener: ChannelListener): Promise<void> {
    const placed = this.#channels.get(channel) ?? { listener, node: this.#route(channel) };
    this.#channels.set(channel, placed);
    try {
      if (placed.node === undefined) throw new Error(`No node of the Redis Cluster is known for the channel.`);
      await this.#open(placed.node).subscribe(channel, placed.listener);
    } catch (cause) {
      if (this.#channels.get(channel) === placed) this.unsubscribe(channel);
      throw redisError(cause);
    }
  }

  unsubscribe(channel: string): void {
    this.#linkOf(this.#channels.get(channel))?.unsubscribe(channel);
    this.#channels.delete(channel);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#channels.clear();
    await Promise.all([...this.#links.values()].map(async (link) => link.close()));
    this.#links.clear();
  }

  #linkOf(placed: Placed | undefined): SubscriberLink | undefined {
    return placed?.node === undefined ? undefined : this.#links.get(placed.node);
  }

  /** Which node a channel belongs to, as `host:port`; undefined while that is not known. */
  #route(channel: string): string | undefined {
    if (this.#options.isSharded) return this.#cluster.slots[hashSlotOf(channel)]?.[0];
    const masters = this.#cluster
      .nodes('master')
      .map(({ options }) => `${String(options.host)}:${String(options.port)}`);
    // Where it is already, as long as that one is a part of the cluster.
    return masters.find((node) => this.#links.has(node)) ?? masters[0];
  }

  #open(node: string): SubscriberLink {
    let link = this.#links.get(node);
    if (link === undefined) {
      link = this.#createLink(node);
      this.#links.set(node, link);
    }
    return link;
  }

  #createLink(node: string): SubscriberLink {
    const { clock, logger, isSharded } = this.#options;
    const known = this.#cluster
      .nodes()
      .find(({ options }) => `${String(options.host)}:${String(options.port)}` === node);
    if (known === undefined) throw new Error('The node of the Redis Cluster is not known any more.');
    const client = known.duplicate({ ...subscriberOptions, readOnly: false });
    logOutages(client, 'subscriber', logger);
    // A node that is gone may have been replaced.
    client.on('close', () => this.#refresh());
    const sharding = isSharded ? { isSharded, slotOf: hashSlotOf, onMoved: () => this.#refresh() } : {};
    const link = new SubscriberLink(client, { clock, logger, ...sharding });
    client.connect().catch(() => undefined);
    return link;
  }

  #refresh(): void {
    if (!this.#isClosed) this.#cluster.refreshSlotsCache();
  }

  /** Moves each channel to where its slot is now. */
  #follow(): void {
    if (this.#isClosed) return;
    this.#isRetrying = false;
    for (const [channel, placed] of this.#channels) {
      const node = this.#route(channel);
      if (node !== undefined && node !== placed.node) this.#move(channel, placed, node);
    }
    const used = new Set([...this.#channels.values()].map(({ node }) => node));
    for (const [node, link] of this.#links) {
      if (used.has(node)) continue;
      this.#links.delete(node);
      this.#gapsOfClosed += link.gaps;
      void link.close();
    }
  }

  #move(channel: string, placed: Placed, node: string): void {
    this.#linkOf(placed)?.unsubscribe(channel);
    placed.node = node;
    // A move loses what is published between the two.
    this.#gapsOfClosed += 1;
    this.#place(channel, placed, node).catch(() => {
      if (this.#channels.get(channel) !== placed || placed.node !== node) return;
      placed.node = undefined;
      this.#retryLater();
    });
  }

  async #place(channel: string, { listener }: Placed, node: string): Promise<void> {
    await this.#open(node).subscribe(channel, listener);
  }

  #retryLater(): void {
    if (this.#isRetrying) return;
    this.#isRetrying = true;
    this.#options.clock.after(retryMs, () => this.#follow());
  }
}
