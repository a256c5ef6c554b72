import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { describePresence } from '../../../testing/contracts/presence.contract.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisPresence, type RedisPresenceOptions } from './redis-presence.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

async function openPresence(options: RedisPresenceOptions = {}): Promise<RedisPresence> {
  const { cluster, ...parts } = await nodes.open();
  await cluster.start({
    request: () => null,
    notice: () => undefined,
    joined: () => undefined,
    left: () => undefined,
    lost: () => undefined,
  });
  return new RedisPresence(options, { ...parts, instances: cluster });
}

describePresence('redis', async () => [await openPresence(), await openPresence()]);
