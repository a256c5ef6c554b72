import { join } from 'node:path';
import { ClusterGateway } from '../support/gateways.js';
import { jwtSecret } from '../support/jwt.js';
import { FaultProxy } from '../support/redis/fault-proxy.js';
import { startRedis, type RedisServer } from '../support/redis/redis-server.js';

const program = join(__dirname, '../../test/chaos/gateway.mjs');

/** A gateway with a network of its own to Redis. */
export interface ReachableGateway {
  readonly gateway: ClusterGateway;
  readonly network: FaultProxy;
}

/** Gateways as processes, each behind a network that can fail, and a Redis that can. Ended by `await using`. */
export class Deployment implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly #gateways: ReachableGateway[] = [];

  private constructor(redis: RedisServer) {
    this.redis = redis;
  }

  /** @param isDurable whether Redis has on disk what it has answered */
  static async start(gatewayCount: number, isDurable: boolean): Promise<Deployment> {
    const appendfsync = isDurable ? 'always' : 'everysec';
    const deployment = new Deployment(await startRedis({ config: { appendonly: 'yes', appendfsync } }));
    const starts = Array.from({ length: gatewayCount }, (_, index) => deployment.#add(`gateway-${String(index + 1)}`));
    const failed = (await Promise.allSettled(starts)).find((result) => result.status === 'rejected');
    // By name, not by who was faster: the seed chooses among them.
    deployment.#gateways.sort((a, b) => a.gateway.nodeId.localeCompare(b.gateway.nodeId));
    if (failed === undefined) return deployment;
    await deployment[Symbol.asyncDispose]();
    throw failed.reason;
  }

  get gateways(): readonly ReachableGateway[] {
    return this.#gateways;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { gateway, network } of this.#gateways) {
      await gateway[Symbol.asyncDispose]();
      await network[Symbol.asyncDispose]();
    }
    await this.redis[Symbol.asyncDispose]();
  }

  async #add(nodeId: string): Promise<void> {
    const network = await FaultProxy.start(this.redis);
    const environment = {
      JWT_SECRET: jwtSecret,
      REDIS_URL: network.url,
      // Clients that flood are not what is tried here.
      WSC_MESSAGES_PER_SECOND: '10000',
      WSC_MESSAGES_BURST: '10000',
      WSC_DRAIN_MS: '2000',
    };
    try {
      this.#gateways.push({ gateway: await ClusterGateway.start(nodeId, environment, program), network });
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
  }
}
