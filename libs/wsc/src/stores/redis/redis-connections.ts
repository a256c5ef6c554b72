import { clusterPartitionCount } from '@nest-wsc/protocol/cluster';
import {
  createClients,
  createCommandClient,
  endClient,
  isConnected,
  logOutages,
  resolveRedisOptions,
  type RedisClients,
  type RedisOptions,
  type ResolvedRedisOptions,
} from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../../core/ports/clock.js';
import type { Logger } from '../../core/ports/logger.js';
import { RedisNames } from './names.js';
import { ClusterSubscriber } from './pubsub/cluster-subscriber.js';
import type { RedisSubscriber } from './pubsub/redis-subscriber.js';
import { SubscriberLink } from './pubsub/subscriber-link.js';
import { ReplicatedWriter } from './scripts/replicated-writer.js';
import { PrimaryWriter, type ScriptWriter } from './scripts/script-writer.js';
import { ServerIdentity } from './server-identity.js';

/** How long {@link RedisConnections.open} waits for a Redis that is not there, before the node starts without. */
const patienceMs = 2_000;

/** Between two looks at whether the connections are there, at start only. */
const pollMs = 10;

/** What is connected to Redis. */
interface OpenedClients {
  readonly clients: RedisClients;
  /** Writes what replicas must have, too. Undefined: nothing. */
  readonly writing: Redis | Cluster | undefined;
}

/** What {@link RedisConnections} need. */
export interface RedisConnectionsDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/**
 * The connections of this node to Redis, shared by everything that keeps or carries something there. They come back by themselves;
 * while Redis is gone, commands fail within 2 s (most at once) and nothing is queued. Whoever opened them closes them, after all
 * that use them.
 */
export class RedisConnections {
  readonly names: RedisNames;
  /** What the channels start with on which any program may publish; '' switches them off. */
  readonly openPrefix: string;
  /** Publishes and runs scripts. Its failures go through `redisError`. */
  readonly commands: Redis | Cluster;
  /** What scripts that keep positions are told of the server. */
  readonly server: ServerIdentity;
  /** Runs the scripts that keep messages. */
  readonly writer: ScriptWriter;
  /** Listens to channels between nodes. */
  readonly subscriber: RedisSubscriber;
  /** Listens to open channels, which are never sharded; the same as {@link RedisConnections.subscriber} but on Redis Cluster. */
  readonly openSubscriber: RedisSubscriber;
  readonly #clock: Clock;
  /** All that send commands. */
  readonly #commandClients: readonly (Redis | Cluster)[];
  #closing: Promise<void> | undefined;

  private constructor(
    { clients, writing }: OpenedClients,
    { prefix, openPrefix, waitForReplicas }: ResolvedRedisOptions,
    { clock, logger }: RedisConnectionsDependencies,
  ) {
    this.names = new RedisNames({ prefix, partitionCount: clients.kind === 'cluster' ? clusterPartitionCount : 1 });
    this.openPrefix = openPrefix;
    this.commands = clients.commands;
    this.server = new ServerIdentity(clients.commands);
    this.writer =
      writing === undefined
        ? new PrimaryWriter(clients.commands, this.server)
        : new ReplicatedWriter({ client: writing, replicaCount: waitForReplicas });
    this.#commandClients = writing === undefined ? [clients.commands] : [clients.commands, writing];
    this.#clock = clock;
    for (const client of this.#commandClients) logOutages(client, 'commands', logger);
    if (clients.kind === 'cluster') {
      this.subscriber = new ClusterSubscriber(clients.commands, { clock, logger, isSharded: true });
      this.openSubscriber = new ClusterSubscriber(clients.commands, { clock, logger, isSharded: false });
    } else {
      logOutages(clients.subscriber, 'subscriber', logger);
      this.subscriber = new SubscriberLink(clients.subscriber, { clock, logger });
      this.openSubscriber = this.subscriber;
      connect(clients.subscriber);
    }
    for (const client of this.#commandClients) connect(client);
  }

  /**
   * Connects. Where Redis is not there within 2 s, it goes on without: the connections come when it does.
   * @throws {TypeError} for options that can't be, and where ioredis is not installed.
   */
  static async open(options: RedisOptions, dependencies: RedisConnectionsDependencies): Promise<RedisConnections> {
    const resolved = resolveRedisOptions(options);
    const clients = await createClients(resolved);
    const writing = resolved.waitForReplicas > 0 ? await createCommandClient(resolved) : undefined;
    const connections = new RedisConnections({ clients, writing }, resolved, dependencies);
    await connections.#ready();
    return connections;
  }

  /** What is wrong now, for operators; undefined where nothing is. */
  get problem(): string | undefined {
    if (!this.#commandClients.every(isConnected)) return 'Redis is not connected.';
    const isHearing = this.subscriber.isWhole && this.openSubscriber.isWhole;
    return isHearing ? undefined : 'Redis is connected, but this node does not hear the others.';
  }

  /** Ends all connections. */
  async close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    await Promise.all([...new Set([this.subscriber, this.openSubscriber])].map(async (each) => each.close()));
    await Promise.all(this.#commandClients.map(endClient));
  }

  async #ready(): Promise<void> {
    const deadline = this.#clock.monotonic() + patienceMs;
    while (this.problem !== undefined && this.#clock.monotonic() < deadline) {
      await new Promise<void>((resolve) => this.#clock.after(pollMs, resolve));
    }
  }
}

/** ioredis goes on by itself where the first attempt fails; the listener for errors logs it. */
function connect(client: Redis | Cluster): void {
  client.connect().catch(() => undefined);
}
