import { until } from '../../../../../../test/support/until.js';
import type { ClaimedRequest, ClaimLimits, RequestClaims } from '../../../core/ports/request-claims.js';
import { FakeClock } from '../../../testing/fake-clock.js';
import type { Instances } from '../cluster/instances.js';
import type { RedisConnections } from '../redis-connections.js';
import type { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisRequestClaims, type RedisRequestClaimsOptions } from './redis-request-claims.js';

export const order: ClaimedRequest = { owner: 'ann', key: 'order', fingerprint: 'content' };
export const limits: ClaimLimits = { windowMs: 60_000, maxEntries: 1_000, maxBytes: 262_144 };

/** The nodes as one of them sees them; a test says who has died. */
export class SeenInstances implements Instances {
  readonly self;
  deadIds: readonly string[] = [];

  constructor(instanceId: string) {
    this.self = { nodeId: 'node', instanceId, startedAt: 0 };
  }

  dead(): readonly string[] {
    return this.deadIds;
  }

  watch(): void {
    return;
  }
}

/** A node that claims. Its own time stands still, that of Redis does not. */
export interface ClaimsNode {
  readonly claims: RedisRequestClaims;
  readonly connections: RedisConnections;
  readonly instances: SeenInstances;
  readonly clock: FakeClock;
}

let instanceCount = 0;

/** One of `nodes`, which close its connections. */
export async function openClaims(nodes: RedisNodes, options: RedisRequestClaimsOptions = {}): Promise<ClaimsNode> {
  const { connections } = await nodes.open();
  // On a busy machine a Cluster may take longer than a node waits for it at its start.
  await until(
    () => connections.problem,
    (problem) => problem === undefined,
    { everyMs: 10 },
  );
  instanceCount += 1;
  const instances = new SeenInstances(`node é.${String(instanceCount)}`);
  const clock = new FakeClock();
  const claims = new RedisRequestClaims(options, { connections, instances, clock });
  nodes.onClose(() => claims.close());
  return { claims, connections, instances, clock };
}

/** What becomes of a request that a node wants to run. */
export async function statusOf(claims: RequestClaims, request: ClaimedRequest = order): Promise<string> {
  return (await claims.claim(request, limits)).status;
}
