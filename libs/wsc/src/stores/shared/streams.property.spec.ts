import * as fc from 'fast-check';
import { startRedis, type RedisServer } from '../../../../../test/support/redis/redis-server.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryBroker } from '../memory/memory-broker.js';
import { MemoryStreams } from '../memory/memory-streams.js';
import { RedisNodes } from '../redis/redis-nodes.fixture.js';
import { openStreams, type RedisStreamsNode } from '../redis/streams/streams-nodes.fixture.js';
import { play, scenes } from './streams-model.fixture.js';

describe('streams, whatever is done with them', () => {
  let server: RedisServer;
  let nodes: RedisNodes;
  beforeAll(async () => {
    server = await startRedis();
    nodes = new RedisNodes({ url: server.url });
  });
  afterAll(async () => {
    await nodes.close();
    await server[Symbol.asyncDispose]();
  });

  it('are in memory what the model says', async () => {
    await fc.assert(
      fc.asyncProperty(scenes, async (all) => {
        const streams = new MemoryStreams({ clock: new FakeClock(), broker: new MemoryBroker() });
        await play([streams], all, { isMemory: true });
      }),
      { numRuns: 300 },
    );
  });

  it('are in Redis what the model says, from both nodes', async () => {
    const opened: [RedisStreamsNode, RedisStreamsNode] = [await openStreams(nodes), await openStreams(nodes)];
    await fc.assert(
      fc.asyncProperty(scenes, async (all) => {
        await server.flush();
        await play([opened[0].streams, opened[1].streams], all, { isMemory: false });
      }),
      { numRuns: 60 },
    );
  });
});
