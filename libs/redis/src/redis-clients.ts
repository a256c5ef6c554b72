import type { Cluster, Redis } from 'ioredis';
import {
  accessSettings,
  clusterOptions,
  commandOptions,
  commandTimeouts,
  readerOptions,
  sentinelSettings,
  subscriberOptions,
  subscriberTimeouts,
} from './client-options.js';
import { reviveClient } from './end-client.js';
import { insistOnDatabase } from './insist-on-database.js';
import type { RedisAddress, RedisSettings, RedisTarget, ResolvedRedisOptions } from './redis-options.js';
import { watchAnswers } from './watch-answers.js';

interface Ioredis {
  readonly Redis: typeof Redis;
  readonly Cluster: typeof Cluster;
}

type OneOptions = typeof commandOptions | typeof readerOptions | typeof subscriberOptions;
type OneTarget = Extract<RedisTarget, { readonly kind: 'single' | 'sentinel' }>;

/** The clients of one Redis: not connected yet. `subscriber` is there where one connection can listen to everything. */
export type RedisClients =
  | { readonly kind: 'one'; readonly commands: Redis; readonly subscriber: Redis }
  | { readonly kind: 'cluster'; readonly commands: Cluster };

/**
 * The clients of who publishes and listens.
 * @throws {TypeError} where ioredis is not installed, saying how to.
 */
export async function createClients({ target, settings }: ResolvedRedisOptions): Promise<RedisClients> {
  const create = await oneFactory(target, settings);
  if (typeof create !== 'function') return { kind: 'cluster', commands: create };
  const subscriber = watchAnswers(create(subscriberOptions), subscriberTimeouts);
  return { kind: 'one', commands: watchAnswers(create(commandOptions), commandTimeouts), subscriber };
}

/**
 * The client of who publishes only: not connected yet.
 * @throws {TypeError} where ioredis is not installed, saying how to.
 */
export async function createCommandClient({ target, settings }: ResolvedRedisOptions): Promise<Redis | Cluster> {
  const create = await oneFactory(target, settings);
  return typeof create === 'function' ? watchAnswers(create(commandOptions), commandTimeouts) : create;
}

/**
 * The client of who waits for what comes to a stream, half a second at a time: not connected yet.
 * @throws {TypeError} where ioredis is not installed, saying how to.
 */
export async function createReaderClient({ target, settings }: ResolvedRedisOptions): Promise<Redis | Cluster> {
  const create = await oneFactory(target, settings);
  return typeof create === 'function' ? watchAnswers(create(readerOptions), commandTimeouts) : create;
}

/** A client that listens on one node of a Redis Cluster: not connected yet. */
export function createSubscriberOf(node: Redis): Redis {
  return watchAnswers(node.duplicate({ ...subscriberOptions, readOnly: false }), subscriberTimeouts);
}

/** Whether commands can go to every part of Redis now. */
export function isConnected(client: Redis | Cluster): boolean {
  if (client.status !== 'ready') return false;
  return !isCluster(client) || client.nodes('master').every(({ status }) => status === 'ready');
}

/** What makes the clients of a Redis of one primary, each for its own purpose; the only client of a Redis Cluster. */
async function oneFactory(
  target: RedisTarget,
  settings: RedisSettings,
): Promise<Cluster | ((options: OneOptions) => Redis)> {
  if (target.kind === 'client') return duplicates(target.client);
  const ioredis = await loadIoredis();
  if (target.kind === 'cluster') return createCluster(ioredis, target.nodes, settings);
  return (options) => insistOnDatabase(createOne(ioredis, { target, settings, options }));
}

interface One {
  readonly target: OneTarget;
  readonly settings: RedisSettings;
  readonly options: OneOptions;
}

function createOne(ioredis: Ioredis, { target, settings, options }: One): Redis {
  const all = { ...accessSettings(settings), ...options };
  if (target.kind === 'single') return new ioredis.Redis(target.url, all);
  const { sentinels, name } = target;
  return reviveClient(new ioredis.Redis({ ...all, ...sentinelSettings(settings), sentinels: [...sentinels], name }));
}

function createCluster(ioredis: Ioredis, nodes: readonly RedisAddress[], settings: RedisSettings): Cluster {
  const { natMap } = settings;
  return followNodes(
    new ioredis.Cluster([...nodes], {
      ...clusterOptions,
      ...(natMap !== undefined && { natMap: { ...natMap } }),
      redisOptions: { ...accessSettings(settings), ...forNodes(commandOptions) },
    }),
  );
}

/** The application's own address, credentials and TLS, with our time-outs. */
function duplicates(client: Redis | Cluster): Cluster | ((options: OneOptions) => Redis) {
  if (isCluster(client)) {
    const reset = { scaleReads: 'master', shardedSubscribers: false } as const;
    const redisOptions = forNodes(commandOptions);
    return followNodes(client.duplicate([], { ...clusterOptions, ...reset, redisOptions }));
  }
  const reset = { monitor: false, readOnly: false };
  return (options) => insistOnDatabase(reviveClient(client.duplicate({ ...options, ...reset })));
}

/** Whether it is the client of a Redis Cluster. */
export function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

function followNodes(cluster: Cluster): Cluster {
  cluster.on('+node', (node: Redis) => watchAnswers(node, commandTimeouts));
  // One that is gone may have been replaced.
  return cluster.on('-node', () => cluster.refreshSlotsCache());
}

/**
 * The client of a cluster decides itself about reconnecting to its nodes, and about what waits for them. They are connected at once, since
 * a command for one that is still connecting is refused.
 */
function forNodes(options: typeof commandOptions) {
  const { enableOfflineQueue: _queue, retryStrategy: _retry, ...rest } = options;
  return { ...rest, lazyConnect: false };
}

async function loadIoredis(): Promise<Ioredis> {
  try {
    const { Redis, Cluster } = await import('ioredis');
    return { Redis, Cluster };
  } catch (cause) {
    throw new TypeError('Redis is configured, and ioredis is not installed: npm install ioredis', { cause });
  }
}
