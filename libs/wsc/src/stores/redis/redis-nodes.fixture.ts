import { SystemClock } from '../../system/system-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { RedisCluster, type RedisClusterOptions } from './cluster/redis-cluster.js';
import { RedisConnections } from './redis-connections.js';
import type { RedisOptions } from './redis-options.js';

/** What nodes of a test stand on. */
export interface RedisNodeParts {
  readonly connections: RedisConnections;
  readonly cluster: RedisCluster;
  readonly clock: SystemClock;
  readonly logger: MemoryLogger;
}

let prefixCount = 0;

/** Nodes on one Redis, closed together. Each test has a prefix of its own, so that none sees another's keys. */
export class RedisNodes {
  readonly #redis: Exclude<RedisOptions, string>;
  #prefix = newPrefix();
  #closings: (() => Promise<void>)[] = [];

  constructor(redis: Exclude<RedisOptions, string>) {
    this.#redis = redis;
  }

  /** What the keys of this test start with. */
  get prefix(): string {
    return this.#prefix;
  }

  /** A node whose cluster was not started. `redis`: another way to the same Redis. */
  async open(options: Partial<RedisClusterOptions> = {}, redis = this.#redis): Promise<RedisNodeParts> {
    const clock = new SystemClock();
    const logger = new MemoryLogger();
    const connections = await RedisConnections.open({ ...redis, prefix: this.#prefix }, { clock, logger });
    const cluster = new RedisCluster({ nodeId: 'node', ...options }, { connections, clock, logger });
    this.#closings.push(async () => {
      await cluster.close();
      await connections.close();
    });
    return { connections, cluster, clock, logger };
  }

  /** Closes what was opened, and begins with other keys. */
  async close(): Promise<void> {
    const closings = this.#closings;
    this.#closings = [];
    this.#prefix = newPrefix();
    for (const close of closings.reverse()) await close();
  }
}

function newPrefix(): string {
  prefixCount += 1;
  return `t${String(prefixCount)}`;
}
