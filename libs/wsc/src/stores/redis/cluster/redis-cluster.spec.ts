import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { describeCluster } from '../../../testing/contracts/cluster.contract.js';
import { RedisNodes } from '../redis-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

describeCluster('redis', async () => [
  (await nodes.open({ nodeId: 'a' })).cluster,
  (await nodes.open({ nodeId: 'b' })).cluster,
]);
