import { startCluster, type RedisCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { describeMessageRecords } from '../../../testing/contracts/message-records.contract.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisMessageRecords } from './redis-message-records.js';

async function openOn(nodes: RedisNodes): Promise<RedisMessageRecords> {
  const { connections, clock } = await nodes.open();
  // On a busy machine a Cluster may take longer than a node waits for it at its start.
  await until(
    () => connections.problem,
    (problem) => problem === undefined,
    { everyMs: 10 },
  );
  return new RedisMessageRecords({ connections, clock });
}

const week = 604_800_000;

describe('on one Redis', () => {
  let server: RedisServer;
  let nodes: RedisNodes;
  beforeAll(async () => {
    server = await startRedis();
    nodes = new RedisNodes({ url: server.url });
  });
  afterEach(async () => nodes.close());
  afterAll(async () => server[Symbol.asyncDispose]());

  describeMessageRecords('Redis', async () => [await openOn(nodes), await openOn(nodes)]);

  const key = () => `${nodes.prefix}:{p0}:message-record:ann:m`;

  it('end a week after the last note, or after the time of the message', async () => {
    const records = await openOn(nodes);
    const at = Date.now();
    await records.note('ann', [{ id: 'm', status: 'queued', at, expiresAt: at + week }]);
    const left = async () => Number(await server.ask('PTTL', key()));
    expect(await left()).toBeGreaterThan(2 * week - 60_000);
    await records.note('ann', [{ id: 'm', status: 'sent', at }]);
    expect(await left()).toBeGreaterThan(2 * week - 60_000);
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual([key()]);
  });

  it('are none where somebody else has written them', async () => {
    const records = await openOn(nodes);
    await server.ask('HSET', key(), 'status', 'lost', 'message', '{"id":7}');
    expect(await records.get('ann', 'm')).toBeUndefined();
    expect(await records.failedMessage('ann', 'm')).toBeUndefined();
  });

  it('fail while Redis is gone', async () => {
    const records = await openOn(nodes);
    await server.kill();
    const attempts = [
      () => records.note('ann', [{ id: 'm', status: 'queued', at: 1 }]),
      () => records.get('ann', 'm'),
      () => records.failedMessage('ann', 'm'),
    ];
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await server.restart({ keepData: false });
  });
});

describe('on a Redis Cluster', () => {
  let servers: RedisCluster;
  let nodes: RedisNodes;
  beforeAll(async () => {
    servers = await startCluster();
    nodes = new RedisNodes({ cluster: servers.clientConfig });
  }, 60_000);
  afterEach(async () => nodes.close());
  afterAll(async () => servers[Symbol.asyncDispose]());

  describeMessageRecords('Redis Cluster', async () => [await openOn(nodes), await openOn(nodes)]);
});
