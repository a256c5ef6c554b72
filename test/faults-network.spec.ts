import { closeApps } from './support/apps.js';
import { ask, readiness, startNode, type LocalNode } from './support/nodes/gateway-node.js';
import { expectHealed } from './support/nodes/heal.js';
import { expectAlone, expectReach } from './support/nodes/promises.js';
import { inMs, report } from './support/nodes/report.js';
import { event, Resident, untilSendsArrive } from './support/nodes/residents.js';
import { FaultProxy, type Direction } from './support/redis/fault-proxy.js';
import { startRedis, type RedisServer } from './support/redis/redis-server.js';
import { until } from './support/until.js';

// Presence has 30 s to be right again, twice.
jest.setTimeout(90_000);

let redis: RedisServer;
/** Between Redis and the node that a fault is for; the other node has no fault. */
let proxy: FaultProxy;
let unharmed: Resident<LocalNode>;
let harmed: Resident<LocalNode>;
/** Connected through all faults of this file. */
let residents: readonly Resident<LocalNode>[];

beforeAll(async () => {
  redis = await startRedis();
  proxy = await FaultProxy.start(redis);
  const nodes = await Promise.all([startNode('unharmed', redis.url), startNode('harmed', proxy.url)]);
  [unharmed, harmed] = await Promise.all([Resident.settle(nodes[0]), Resident.settle(nodes[1])]);
  residents = [unharmed, harmed];
  await untilSendsArrive(residents);
});

afterAll(async () => {
  await closeApps();
  await proxy[Symbol.asyncDispose]();
  await redis[Symbol.asyncDispose]();
});

/** As {@link expectHealed}, for all who are connected. */
const expectAllHealed = (fault: string): Promise<void> => expectHealed(fault, residents, () => proxy.heal());

/** Nobody else feels that a node does not reach Redis. */
async function expectUnharmed(): Promise<void> {
  await expectReach([unharmed]);
  expect(await readiness(unharmed.node)).toBe(200);
}

const isOnlineFor = async (node: LocalNode, userId: string): Promise<unknown> =>
  (await ask(node, `/api/online/${userId}`)).body;

describe('the network between a node and Redis', () => {
  it('takes 300 ms for there and back: all goes on, later', async () => {
    proxy.delay(300, 'toServer');
    const startedAt = performance.now();
    expect(await harmed.node.hub.sendToUser(unharmed.userId, { event, data: 'late' })).toMatchObject({ otherNodes: 1 });
    const sendMs = performance.now() - startedAt;
    await unharmed.hears('late');
    expect(sendMs).toBeGreaterThan(298);
    report('300 ms to Redis and back', `a send takes ${inMs(sendMs)}`);
    await expectReach([harmed]);
    expect(await readiness(harmed.node)).toBe(200);
    await expectAllHealed('300 ms to Redis and back, and no more');
  });

  it.each<[string, Direction]>([
    ['what the node sends', 'toServer'],
    ['what Redis answers', 'toClient'],
    ['everything', 'both'],
  ])('drops %s', async (what, direction) => {
    proxy.blackHole(direction);
    await expectAlone(harmed);
    await expectUnharmed();
    await expectAllHealed(`Network drops ${what}`);
  });

  it('resets the connections', async () => {
    proxy.reset();
    await expectAllHealed('Network resets');
  });

  it('is cut', async () => {
    proxy.cut();
    proxy.reset();
    await expectAlone(harmed);
    await expectUnharmed();
    await expectAllHealed('Network cut');
  });

  it('is gone for longer than a node may be silent: its users count as gone until it is back', async () => {
    proxy.blackHole();
    await until(
      () => isOnlineFor(unharmed.node, harmed.userId),
      (seen) => JSON.stringify(seen).includes('false'),
      { patienceMs: 30_000, everyMs: 50 },
    );
    await expectAlone(harmed);
    await expectUnharmed();
    await expectAllHealed('Network gone until the node was dead for the other');
  });
});
