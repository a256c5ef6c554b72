import type { Cluster, Redis } from 'ioredis';
import {
  accessSettings,
  clusterOptions,
  commandOptions,
  sentinelSettings,
  subscriberOptions,
} from './client-options.js';
import type { RedisAddress, RedisSettings, RedisTarget, ResolvedRedisOptions } from './redis-options.js';

interface Ioredis {
  readonly Redis: typeof Redis;
  readonly Cluster: typeof Cluster;
}

type OneOptions = typeof commandOptions | typeof subscriberOptions;
type OneTarget = Extract<RedisTarget, { readonly kind: 'single' | 'sentinel' }>;

/** The clients of one Redis: not connected yet. `subscriber` is there where one connection can listen to everything. */
export type RedisClients =
  | { readonly kind: 'one'; readonly commands: Redis; readonly subscriber: Redis }
  | { readonly kind: 'cluster'; readonly commands: Cluster };

/** @throws {TypeError} where ioredis is not installed, saying how to. */
export async function createClients({ target, settings }: ResolvedRedisOptions): Promise<RedisClients> {
  if (target.kind === 'client') return duplicate(target.client);
  const ioredis = await loadIoredis();
  if (target.kind === 'cluster') {
    return { kind: 'cluster', commands: createCluster(ioredis, target.nodes, settings) };
  }
  const create = (options: OneOptions): Redis => createOne(ioredis, { target, settings, options });
  return { kind: 'one', commands: create(commandOptions), subscriber: create(subscriberOptions) };
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
  return new ioredis.Redis({ ...all, ...sentinelSettings(settings), sentinels: [...sentinels], name });
}

function createCluster(ioredis: Ioredis, nodes: readonly RedisAddress[], settings: RedisSettings): Cluster {
  const { natMap } = settings;
  return new ioredis.Cluster([...nodes], {
    ...clusterOptions,
    ...(natMap !== undefined && { natMap: { ...natMap } }),
    redisOptions: { ...accessSettings(settings), ...forNodes(commandOptions) },
  });
}

/** The application's own address, credentials and TLS, with our time-outs. */
function duplicate(client: Redis | Cluster): RedisClients {
  if (isCluster(client)) {
    const reset = { scaleReads: 'master', shardedSubscribers: false } as const;
    const redisOptions = forNodes(commandOptions);
    return { kind: 'cluster', commands: client.duplicate([], { ...clusterOptions, ...reset, redisOptions }) };
  }
  const reset = { monitor: false, readOnly: false };
  return {
    kind: 'one',
    commands: client.duplicate({ ...commandOptions, ...reset }),
    subscriber: client.duplicate({ ...subscriberOptions, ...reset }),
  };
}

function isCluster(client: Redis | Cluster): client is Cluster {
  return client.isCluster;
}

/** The client of a cluster decides itself about reconnecting to its nodes, and about what waits for them. */
function forNodes(options: typeof commandOptions) {
  const { enableOfflineQueue: _queue, retryStrategy: _retry, lazyConnect: _lazy, ...rest } = options;
  return rest;
}

async function loadIoredis(): Promise<Ioredis> {
  try {
    const { Redis, Cluster } = await import('ioredis');
    return { Redis, Cluster };
  } catch (cause) {
    throw new TypeError('Redis is configured, and ioredis is not installed: npm install ioredis', { cause });
  }
}
