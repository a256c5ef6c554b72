import { closeApps } from './support/apps.js';
import { liveness, readiness, startNode, type LocalNode } from './support/nodes/gateway-node.js';
import { expectHealed, startSending } from './support/nodes/heal.js';
import { expectAlone, expectNobodyComesIn, expectReach } from './support/nodes/promises.js';
import { inMs, report } from './support/nodes/report.js';
import { Resident, untilSendsArrive } from './support/nodes/residents.js';
import { startRedis, type RedisServer } from './support/redis/redis-server.js';
import { until } from './support/until.js';

// Presence has 30 s to be right again, twice.
jest.setTimeout(90_000);

let redis: RedisServer;
let nodes: readonly LocalNode[];
/** Connected through all faults of this file. */
let residents: readonly Resident<LocalNode>[];

beforeAll(async () => {
  redis = await startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } });
  nodes = await Promise.all(['one', 'two'].map((nodeId) => startNode(nodeId, redis.url)));
  residents = await Promise.all(nodes.map((node) => Resident.settle(node)));
  await untilSendsArrive(residents);
});

afterAll(async () => {
  await closeApps();
  await redis[Symbol.asyncDispose]();
});

/** As {@link expectHealed}, for all who are connected. */
const expectAllHealed = (fault: string, heal: () => unknown): Promise<void> => expectHealed(fault, residents, heal);

describe('Redis', () => {
  it.each([
    ['with', true],
    ['without', false],
  ])('is killed and comes back %s its data', async (word, keepData) => {
    await redis.kill();
    for (const resident of residents) await expectAlone(resident);
    await redis.restart({ keepData });
    await expectAllHealed(`Redis killed, back ${word} its data`, () => undefined);
  });

  it('stops where it stands, and goes on', async () => {
    redis.pause();
    for (const resident of residents) await expectAlone(resident);
    await expectAllHealed('Redis stopped, and goes on', () => redis.resume());
  });

  it('loses everything while it runs', async () => {
    await expectAllHealed('FLUSHALL', () => redis.flush());
  });

  it('loses its scripts while it runs', async () => {
    await expectAllHealed('SCRIPT FLUSH', () => redis.ask('SCRIPT', 'FLUSH'));
  });

  it.each(['pubsub', 'normal'])('cuts its %s connections', async (type) => {
    const sends = residents.map(({ node }) => startSending(node));
    await expectAllHealed(`CLIENT KILL TYPE ${type}`, async () => {
      expect(Number(await redis.ask('CLIENT', 'KILL', 'TYPE', type))).toBeGreaterThanOrEqual(nodes.length);
    });
    for (const stop of sends) await stop();
  });

  it('is out of memory: messages go on, nobody comes in, and the nodes are not ready', async () => {
    await redis.setConfig('maxmemory', '1mb');
    for (const { node } of residents) {
      await expectNobodyComesIn(node);
      await until(
        () => readiness(node),
        (status) => status === 503,
        { patienceMs: 10_000, everyMs: 20 },
      );
      expect(await liveness(node)).toBe(200);
    }
    const startedAt = performance.now();
    await expectReach(residents);
    report('Redis out of memory', `all are reached meanwhile, in ${inMs(performance.now() - startedAt)}`);
    await expectAllHealed('Redis out of memory, and no more', () => redis.setConfig('maxmemory', 0));
  });
});
