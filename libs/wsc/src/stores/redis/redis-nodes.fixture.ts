import type { RedisSettings } from '@nest-wsc/redis';
import type { Timer } from '../../core/ports/clock.js';
import type { ClusterListener, NodeInfo } from '../../core/ports/cluster.js';
import { SystemClock } from '../../system/system-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { RedisCluster, type RedisClusterOptions } from './cluster/redis-cluster.js';
import { RedisConnections } from './redis-connections.js';

/** A node of a test, with what stores need of it. */
export class RedisNode {
  readonly connections: RedisConnections;
  readonly clock: StoppableClock;
  readonly logger: MemoryLogger;
  readonly cluster: RedisCluster;
  readonly heard = new HeardOfCluster();

  constructor(options: RedisClusterOptions, parts: Pick<RedisNode, 'connections' | 'clock' | 'logger'>) {
    this.connections = parts.connections;
    this.clock = parts.clock;
    this.logger = parts.logger;
    this.cluster = new RedisCluster(options, parts);
  }

  /** Begins to show that it lives. */
  async start(): Promise<void> {
    await this.cluster.start(this.heard);
  }

  /** As a crash leaves it to the others: it says no word more. */
  async kill(): Promise<void> {
    await this.connections.close();
    this.clock.stop();
  }
}

/** Nodes on one Redis, closed together. Each test has a prefix of its own, so that none sees another's keys. */
export class RedisNodes implements AsyncDisposable {
  readonly #redis: RedisSettings;
  #prefix = newPrefix();
  #closings: (() => Promise<void>)[] = [];

  constructor(redis: RedisSettings) {
    this.#redis = redis;
  }

  /** What the keys of this test start with. */
  get prefix(): string {
    return this.#prefix;
  }

  /** One that was not started. */
  async open(options: Partial<RedisClusterOptions> = {}): Promise<RedisNode> {
    const [clock, logger] = [new StoppableClock(), new MemoryLogger()];
    const connections = await RedisConnections.open({ ...this.#redis, prefix: this.#prefix }, { clock, logger });
    const node = new RedisNode({ nodeId: 'node', ...options }, { connections, clock, logger });
    this.onClose(async () => {
      clock.resume();
      await node.cluster.close();
      await connections.close();
    });
    return node;
  }

  async start(options: Partial<RedisClusterOptions> = {}): Promise<RedisNode> {
    const node = await this.open(options);
    await node.start();
    return node;
  }

  /** What was opened last closes first. */
  onClose(close: () => Promise<void>): void {
    this.#closings.push(close);
  }

  /** Closes what was opened, and begins with other keys. */
  async close(): Promise<void> {
    const closings = this.#closings;
    this.#closings = [];
    this.#prefix = newPrefix();
    for (const close of closings.reverse()) await close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** What the listener of a cluster has heard. */
class HeardOfCluster implements ClusterListener {
  readonly joinedIds: string[] = [];
  readonly leftIds: string[] = [];
  lostCount = 0;
  /** What it answers; by default nothing, ever. */
  answer: () => unknown = () => new Promise(() => undefined);

  request(): unknown {
    return this.answer();
  }

  notice(): void {
    return;
  }

  joined({ instanceId }: NodeInfo): void {
    this.joinedIds.push(instanceId);
  }

  left({ instanceId }: NodeInfo): void {
    this.leftIds.push(instanceId);
  }

  lost(): void {
    this.lostCount += 1;
  }
}

/** Real time, from which one node can be taken out, as SIGSTOP takes a process: what falls due meanwhile fires afterwards. */
export class StoppableClock extends SystemClock {
  #isStopped = false;
  readonly #late = new Set<() => void>();

  stop(): void {
    this.#isStopped = true;
  }

  resume(): void {
    this.#isStopped = false;
    const late = [...this.#late];
    this.#late.clear();
    for (const callback of late) callback();
  }

  override after(delayMs: number, callback: () => void): Timer {
    return this.#stoppable(callback, (fire) => super.after(delayMs, fire));
  }

  override every(intervalMs: number, callback: () => void): Timer {
    return this.#stoppable(callback, (fire) => super.every(intervalMs, fire));
  }

  #stoppable(callback: () => void, arm: (fire: () => void) => Timer): Timer {
    const timer = arm(() => (this.#isStopped ? this.#late.add(callback) : callback()));
    return {
      cancel: () => {
        timer.cancel();
        this.#late.delete(callback);
      },
    };
  }
}

let prefixCount = 0;

function newPrefix(): string {
  prefixCount += 1;
  return `t${String(prefixCount)}`;
}
