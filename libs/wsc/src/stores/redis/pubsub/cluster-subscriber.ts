import { createSubscriberOf, logOutages, redisError } from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import { nodeKey } from '../cluster-nodes.js';
import { hashSlotOf } from '../hash-slot.js';
import type { ChannelListener, RedisSubscriber } from './redis-subscriber.js';
import { SubscriberLink } from './subscriber-link.js';

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

  /** @param cluster for its map of the nodes; not owned. */
  constructor(cluster: Cluster, options: ClusterSubscriberOptions) {
    this.#cluster = cluster;
    this.#options = options;
    cluster.on('refresh', () => this.#follow());
    cluster.on('ready', () => this.#follow());
  }

  get isWhole(): boolean {
    if (this.#cluster.status !== 'ready' || this.#links.size === 0) return false;
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
    const placed = this.#channels.get(channel) ?? { listener, node: undefined };
    this.#channels.set(channel, placed);
    placed.node ??= this.#router()(channel);
    const link = placed.node === undefined ? undefined : this.#open(placed.node);
    if (link === undefined) throw redisError(new Error('No node of the Redis Cluster is known for the channel.'));
    await link.subscribe(channel, placed.listener);
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

  /** Says which node a channel belongs to, as `host:port`; undefined while none is known that can be reached. */
  #router(): (channel: string) => string | undefined {
    const masters = this.#masters();
    if (!this.#options.isSharded) {
      // Where they are already, as long as that node is a part of the cluster.
      const node = masters.find((master) => this.#links.has(master)) ?? masters[0];
      return () => node;
    }
    const known = new Set(masters);
    return (channel) => {
      const owner = this.#cluster.slots[hashSlotOf(channel)]?.[0];
      return owner !== undefined && known.has(owner) ? owner : undefined;
    };
  }

  #masters(): readonly string[] {
    return this.#cluster.nodes('master').map(nodeKey);
  }

  /** Answers undefined where the node has gone from the cluster. */
  #open(node: string): SubscriberLink | undefined {
    const existing = this.#links.get(node);
    if (existing !== undefined) return existing;
    const known = this.#cluster.nodes('master').find((master) => nodeKey(master) === node);
    if (known === undefined) return undefined;
    const link = this.#createLink(createSubscriberOf(known));
    this.#links.set(node, link);
    return link;
  }

  #createLink(client: Redis): SubscriberLink {
    const { clock, logger, isSharded } = this.#options;
    logOutages(client, 'subscriber', logger);
    // A node that is gone may have been replaced.
    client.on('close', () => this.#refresh());
    const sharding = isSharded ? { slotOf: hashSlotOf, onMoved: () => this.#refresh() } : {};
    const link = new SubscriberLink(client, { clock, logger, ...sharding });
    client.connect().catch(() => undefined);
    return link;
  }

  #refresh(): void {
    if (!this.#isClosed) this.#cluster.refreshSlotsCache();
  }

  /** Moves each channel to where its slot is now, and keeps a connection to each node that may get one. */
  #follow(): void {
    if (this.#isClosed) return;
    const route = this.#router();
    const masters = this.#masters();
    const used = new Set(this.#options.isSharded ? masters : masters.filter((node) => node === route('')));
    for (const node of used) this.#open(node);
    for (const [channel, placed] of this.#channels) {
      const node = route(channel);
      if (node !== undefined && node !== placed.node) this.#move(channel, placed, node);
      if (placed.node !== undefined) used.add(placed.node);
    }
    this.#closeAllBut(used);
  }

  #move(channel: string, placed: Placed, node: string): void {
    if (placed.node !== undefined) {
      this.#linkOf(placed)?.unsubscribe(channel);
      // What is published between the two is lost.
      this.#gapsOfClosed += 1;
    }
    placed.node = node;
    // Whoever waited for the first place was told; from here on the link goes on trying.
    void this.#open(node)?.subscribe(channel, placed.listener);
  }

  #closeAllBut(used: ReadonlySet<string>): void {
    for (const [node, link] of this.#links) {
      if (used.has(node)) continue;
      this.#links.delete(node);
      this.#gapsOfClosed += link.gaps;
      void link.close();
    }
  }
}
