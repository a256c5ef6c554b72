import { setTimeout as pause } from 'node:timers/promises';
import { ClusterChannels, clusterPartitionCount } from '@nest-wsc/protocol/cluster';
import { startCluster } from '../support/redis/redis-cluster.js';
import { startRedis, type RedisConfig } from '../support/redis/redis-server.js';
import type { Installation } from './installation.js';
import { MachineWithRedis } from './power-cut.js';
import {
  farMs,
  killed,
  killedFar,
  partition,
  planned,
  plannedPaused,
  replicaCount,
  splitMs,
} from './sentinel-failures.js';

/** A way in which Redis is set up and fails. */
export interface Failure {
  /** On the command line. */
  readonly name: string;
  readonly setUp: string;
  readonly happening: string;
  readonly start: () => Promise<Installation>;
}

const downMs = 500;
const everySecond: RedisConfig = { appendonly: 'yes', appendfsync: 'everysec' };
const always: RedisConfig = { appendonly: 'yes', appendfsync: 'always' };

const process = '`kill -9`, back after half a second';
const machine = 'its machine loses power, back after half a second';
const failover = '`kill -9` of the primary';
const split = `the primary and a gateway are cut off from the rest for ${String(splitMs / 1000)} s`;

/** In the order of the table. */
export const failures: readonly Failure[] = [
  { name: 'memory', setUp: 'one, keeps nothing on disk', happening: process, start: () => single({}) },
  { name: 'everysec', setUp: 'one, `appendfsync everysec`', happening: process, start: () => single(everySecond) },
  { name: 'everysec-power', setUp: 'one, `appendfsync everysec`', happening: machine, start: () => power(everySecond) },
  { name: 'always', setUp: 'one, `appendfsync always`', happening: process, start: () => single(always) },
  { name: 'always-power', setUp: 'one, `appendfsync always`', happening: machine, start: () => power(always) },
  { name: 'planned', setUp: 'Sentinel', happening: '`SENTINEL FAILOVER`, as planned', start: planned },
  {
    name: 'planned-waiting',
    setUp: 'Sentinel, gateways wait for both replicas',
    happening: '`SENTINEL FAILOVER`, as planned',
    start: () => waiting(planned()),
  },
  {
    name: 'planned-paused',
    setUp: 'Sentinel',
    happening: '`CLIENT PAUSE 10000 WRITE` on the primary, then `SENTINEL FAILOVER`',
    start: plannedPaused,
  },
  { name: 'killed', setUp: 'Sentinel', happening: failover, start: () => killed(false) },
  { name: 'killed-far', setUp: `Sentinel, replicas ${String(farMs)} ms away`, happening: failover, start: killedFar },
  {
    name: 'killed-replicas',
    setUp: 'Sentinel, `min-replicas-to-write 1`',
    happening: failover,
    start: () => killed(true),
  },
  { name: 'cluster', setUp: 'Cluster', happening: failover, start: cluster },
  { name: 'split', setUp: 'Sentinel', happening: split, start: () => partition(false) },
  {
    name: 'split-replicas',
    setUp: 'Sentinel, `min-replicas-to-write 1`, `min-replicas-max-lag 2`',
    happening: split,
    start: () => partition(true),
  },
  {
    name: 'split-waiting',
    setUp: 'Sentinel, gateways wait for both replicas',
    happening: split,
    start: () => waiting(partition(false)),
  },
];

/** @throws {Error} naming all, where there is none of that name */
export function findFailure(name: string): Failure {
  const failure = failures.find((each) => each.name === name);
  if (failure !== undefined) return failure;
  throw new Error(`Expected one of ${failures.map((each) => each.name).join(', ')}, got "${name}".`);
}

async function single(config: RedisConfig): Promise<Installation> {
  const redis = await startRedis({ config });
  return {
    redisOf: () => ({ url: redis.url }),
    fail: async () => {
      await redis.kill();
      await pause(downMs);
      await redis.restart({ keepData: true });
    },
    [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
  };
}

/** Nothing counts as stored that one replica lacks: one of two may be the one that does not take over. */
async function waiting(starting: Promise<Installation>): Promise<Installation> {
  const installation = await starting;
  const waitForReplicas = replicaCount;
  return { ...installation, redisOf: (gateway) => ({ ...installation.redisOf(gateway), waitForReplicas }) };
}

async function power(config: RedisConfig): Promise<Installation> {
  const server = await MachineWithRedis.start(config);
  const { redis } = server;
  return {
    redisOf: () => ({ url: redis.url }),
    fail: async () => {
      await server.cutPower();
      await pause(downMs);
      await redis.restart({ keepData: true });
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

async function cluster(): Promise<Installation> {
  const servers = await startCluster({ replicasPerMaster: 1 });
  const names = new ClusterChannels({ partitionCount: clusterPartitionCount });
  const [victim] = servers.masters;
  return {
    redisOf: () => ({ cluster: servers.clientConfig }),
    isHit: async (name) => (await servers.ownerOf(await servers.slotOf(names.user(name)))) === victim,
    fail: async () => {
      await victim?.kill();
      await servers.untilOk();
    },
    [Symbol.asyncDispose]: () => servers[Symbol.asyncDispose](),
  };
}
