import { join } from 'node:path';
import { ClusterGateway } from '../support/gateways.js';
import { webSocketUrl } from '../support/gateway-users.js';
import { jwtSecret } from '../support/jwt.js';
import type { Installation } from './installation.js';

const program = join(__dirname, '../../test/failover-loss/gateway.mjs');
const gatewayNumbers = [0, 1] as const;

/** Two gateways as processes of their own. */
export class GatewayPair implements AsyncDisposable {
  readonly urls: readonly string[];
  readonly #gateways: readonly ClusterGateway[];

  private constructor(gateways: readonly ClusterGateway[]) {
    this.#gateways = gateways;
    this.urls = gateways.map(({ process }) => webSocketUrl(process));
  }

  static async start({ redisOf }: Installation): Promise<GatewayPair> {
    const starts = await Promise.allSettled(
      gatewayNumbers.map((number) => {
        const environment = {
          JWT_SECRET: jwtSecret,
          FAILOVER_LOSS_REDIS: JSON.stringify(redisOf(number)),
          WSC_MESSAGES_PER_SECOND: '10000',
          WSC_MESSAGES_BURST: '10000',
        };
        return ClusterGateway.start(`gateway-${String(number + 1)}`, environment, program);
      }),
    );
    const pair = new GatewayPair(starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : [])));
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed === undefined) return pair;
    await pair[Symbol.asyncDispose]();
    throw failed.reason;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const gateway of this.#gateways) await gateway[Symbol.asyncDispose]();
  }
}
