import { startCluster, type RedisCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { until } from '../../../../../../test/support/until.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { startIngestNode } from './ingest-nodes.fixture.js';

let servers: RedisCluster;
let nodes: RedisNodes;

beforeAll(async () => {
  servers = await startCluster();
  nodes = new RedisNodes({ cluster: servers.clientConfig });
}, 60_000);
afterEach(async () => nodes.close());
afterAll(async () => servers[Symbol.asyncDispose]());

describe('the open stream on a Redis Cluster', () => {
  it('is read, and what can not be sent is moved aside', async () => {
    const { node, test } = await startIngestNode(nodes, { cluster: servers.clientConfig });
    const { commands } = node.connections;
    const add = (event: string) =>
      commands.xadd('websocket:ingest', '*', 'to', 'user:ann', 'event', event, 'durable', '1');
    await until(() => add('no event').then(Boolean, () => false), Boolean, { everyMs: 10 });
    await add('invoice');
    await until(
      () => commands.xlen('websocket:ingest'),
      (length) => length === 0,
      { everyMs: 10 },
    );
    expect(await test.hub.inboxes.size('ann')).toMatchObject({ messages: 1 });
    expect(await commands.xlen('websocket:ingest:rejected')).toBe(1);
  });
});
