import type { ConnectionOptions } from 'node:tls';
import type { Cluster, Redis } from 'ioredis';

/** Where a Redis, a Sentinel or a node of a Redis Cluster listens. */
export interface RedisAddress {
  readonly host: string;
  readonly port: number;
}

/** A client of `ioredis` that the application has: `new Redis(…)` or `new Cluster(…)`. */
export interface RedisClientLike {
  readonly isCluster: boolean;
  duplicate(): RedisClientLike;
}

/** How Redis is reached, and under which names. One of `url`, `sentinels`, `cluster` and `client` says where it is. */
export interface RedisSettings {
  /** `redis://user:password@host:6379/0`, or `rediss://` with TLS; what is special in the password percent-encoded. */
  readonly url?: string;
  /** The Sentinels that watch it; together with `name`. */
  readonly sentinels?: readonly RedisAddress[];
  /** What the Sentinels call the primary. */
  readonly name?: string;
  readonly sentinelUsername?: string;
  readonly sentinelPassword?: string;
  /** Some nodes of a Redis Cluster (7.0 or later); the others are found. */
  readonly cluster?: readonly RedisAddress[];
  /** Where the nodes of a cluster are reached that announce themselves as `host:port`, behind a NAT or in containers. */
  readonly natMap?: Readonly<Record<string, RedisAddress>>;
  /** What the application has already: it is duplicated, never used itself and never closed. */
  readonly client?: RedisClientLike;
  readonly username?: string;
  readonly password?: string;
  /** Number of the database; 0 on Redis Cluster. @default 0 */
  readonly db?: number;
  /** TLS to Redis and to its Sentinels. @default false, true for `rediss://` */
  readonly tls?: boolean | ConnectionOptions;
  /** What keys and channels between nodes start with. Nodes with the same prefix are one cluster. @default 'wsc' */
  readonly prefix?: string;
  /** What the channels start with on which any program may publish; '' switches them off. @default 'websocket' */
  readonly openPrefix?: string;
  /**
   * How many replicas of Redis must have a message that is kept before it counts as stored. Give it the number of all, so that whichever
   * takes over has it (docs/delivery.md, "Waiting for replicas"). @default 0
   */
  readonly waitForReplicas?: number;
}

/** Where Redis is: a URL, settings, or a client that the application has. */
export type RedisOptions = string | RedisSettings | RedisClientLike;

/** Where Redis is, in one of the ways that `ioredis` tells apart. */
export type RedisTarget =
  | { readonly kind: 'single'; readonly url: string }
  | { readonly kind: 'sentinel'; readonly sentinels: readonly RedisAddress[]; readonly name: string }
  | { readonly kind: 'cluster'; readonly nodes: readonly RedisAddress[] }
  | { readonly kind: 'client'; readonly client: Redis | Cluster };

/** {@link RedisOptions} with everything decided. */
export interface ResolvedRedisOptions {
  readonly target: RedisTarget;
  readonly settings: RedisSettings;
  readonly prefix: string;
  readonly openPrefix: string;
  readonly waitForReplicas: number;
}

/** More than anybody waits for. */
const maxReplicas = 100;

// Without braces, which are hash tags, and without what Redis reads as a pattern.
const prefixPattern = /^[A-Za-z0-9_.:-]{1,64}$/;

/**
 * Whether a text is a URL of Redis that ioredis reads as it is meant. It takes more than that: `redis:6379` for a host called redis, a
 * database that is no number for one to select, and parameters in the place of the options that everything here was measured with.
 */
export function isRedisUrl(text: string): boolean {
  if (!/^rediss?:\/\//.test(text) || !URL.canParse(text)) return false;
  const { hostname, port, pathname, search, hash } = new URL(text);
  const isPlace = hostname !== '' && port !== '0' && /^(?:\/\d*)?$/.test(pathname);
  return isPlace && hash === '' && (search === '' || /^\?family=[046]$/.test(search));
}

/** @throws {TypeError} saying what is wrong and what to write instead; never with the URL, which may hold a password. */
export function resolveRedisOptions(options: RedisOptions): ResolvedRedisOptions {
  const settings = toSettings(options);
  const { prefix = 'wsc', openPrefix = 'websocket', waitForReplicas = 0 } = settings;
  requirePrefix('prefix', prefix);
  if (openPrefix !== '') requirePrefix('openPrefix', openPrefix);
  requireDatabase(settings.db);
  requireReplicaCount(waitForReplicas);
  return Object.freeze({ target: findTarget(settings), settings, prefix, openPrefix, waitForReplicas });
}

function toSettings(options: RedisOptions): RedisSettings {
  if (typeof options === 'string') return { url: options };
  const given: unknown = options;
  if (typeof given !== 'object' || given === null) {
    throw new TypeError('Expected the options of Redis to be a URL, an object, or a client of ioredis.');
  }
  return 'isCluster' in options ? { client: options } : options;
}

function findTarget(settings: RedisSettings): RedisTarget {
  const { url, sentinels, name, cluster, client } = settings;
  const given = Object.entries({ url, sentinels, cluster, client }).filter(([, value]) => value !== undefined);
  if (given.length !== 1) {
    const got = given.length === 0 ? 'none' : given.map(([key]) => key).join(' and ');
    throw new TypeError(`Expected one of url, sentinels, cluster and client in the options of Redis, got ${got}.`);
  }
  if (sentinels !== undefined) return sentinelTarget(sentinels, name);
  if (cluster !== undefined) return { kind: 'cluster', nodes: requireAddresses('cluster', cluster) };
  if (client !== undefined) return clientTarget(client);
  return singleTarget(url);
}

function singleTarget(url: unknown): RedisTarget {
  if (typeof url === 'string' && isRedisUrl(url)) return { kind: 'single', url };
  throw new TypeError(
    'Expected the URL of Redis to be like redis://host:6379 or rediss://user:password@host:6379/0, what is special in the password percent-encoded.',
  );
}

function sentinelTarget(sentinels: readonly RedisAddress[], name: string | undefined): RedisTarget {
  if (name === undefined || name === '') {
    throw new TypeError('Expected the options of Redis to have a name beside sentinels: what they call the primary.');
  }
  return { kind: 'sentinel', sentinels: requireAddresses('sentinels', sentinels), name };
}

function clientTarget(client: RedisClientLike): RedisTarget {
  if (isRedisClient(client)) return { kind: 'client', client };
  throw new TypeError('Expected the client of Redis to be made by ioredis: new Redis(…) or new Cluster(…).');
}

/** By its shape, since an application may have another copy of ioredis than this package. */
function isRedisClient(value: RedisClientLike): value is Redis | Cluster {
  return typeof value.isCluster === 'boolean' && typeof value.duplicate === 'function' && 'sendCommand' in value;
}

function requireAddresses(option: string, addresses: readonly RedisAddress[]): readonly RedisAddress[] {
  const list: unknown = addresses;
  if (Array.isArray(list) && list.length > 0 && list.every(isAddress)) return addresses;
  throw new TypeError(`Expected ${option} in the options of Redis to be like [{ host: '10.0.0.1', port: 6379 }].`);
}

function isAddress(value: unknown): value is RedisAddress {
  if (typeof value !== 'object' || value === null || !('host' in value) || !('port' in value)) return false;
  const { host, port } = value;
  return typeof host === 'string' && host !== '' && Number.isInteger(port) && Number(port) > 0 && Number(port) < 65_536;
}

function requirePrefix(option: string, prefix: unknown): void {
  if (typeof prefix === 'string' && prefixPattern.test(prefix)) return;
  throw new TypeError(`Expected ${option} in the options of Redis to be 1 to 64 characters of A-Z a-z 0-9 _ . : -`);
}

function requireReplicaCount(count: unknown): void {
  if (Number.isInteger(count) && Number(count) >= 0 && Number(count) <= maxReplicas) return;
  const range = `0 to ${String(maxReplicas)}`;
  throw new TypeError(`Expected waitForReplicas in the options of Redis to be a whole number from ${range}.`);
}

/** ioredis selects whatever it is given, and ends the process with a rejection that nobody can catch where that is no number. */
function requireDatabase(db: unknown): void {
  if (db === undefined || (Number.isInteger(db) && Number(db) >= 0)) return;
  throw new TypeError('Expected db in the options of Redis to be a whole number from 0.');
}
