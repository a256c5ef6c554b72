import { startCluster, type RedisCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { startSentinel, type RedisSentinel } from '../../../../../../test/support/redis/redis-sentinel.js';
import { until } from '../../../../../../test/support/until.js';
import type { StreamWriteResult } from '../../../core/ports/streams.js';
import { describeStreams } from '../../../testing/contracts/streams.contract.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openStreams, type RedisStreamsNode } from './streams-nodes.fixture.js';

const room = 'chat:1';
const all = { maxMessages: 100, maxBytes: 1_000_000 };
const limits = { maxMessages: 100, timeToLiveMs: 60_000 };

/** Tries until it is stored: the way back after a fault has no promised length. */
async function appendAtLast({ streams }: RedisStreamsNode, id: string): Promise<StreamWriteResult> {
  const once = { key: id, windowMs: 60_000 };
  const attempt = () => streams.append(room, { message: testMessage(id), limits, once }).catch(() => undefined);
  const result = await until(attempt, (answer) => answer !== undefined, { everyMs: 50, patienceMs: 25_000 });
  if (result === undefined) throw new Error('It is not stored.');
  return result;
}

describe('on a Redis Cluster', () => {
  let servers: RedisCluster;
  let nodes: RedisNodes;
  beforeAll(async () => {
    servers = await startCluster();
    nodes = new RedisNodes({ cluster: servers.clientConfig });
  }, 60_000);
  afterEach(async () => nodes.close());
  afterAll(async () => servers[Symbol.asyncDispose]());

  describeStreams('Redis Cluster', async () => [await openStreams(nodes), await openStreams(nodes)]);

  it('a stream goes on in another epoch where its slot has moved, with nothing under a wrong one', async () => {
    const node = await openStreams(nodes);
    const before = await appendAtLast(node, '1');
    const slot = await servers.slotOf(node.connections.names.streamKey(room));
    const owner = await servers.ownerOf(slot);
    await servers.moveSlot(
      slot,
      owner,
      servers.masters.find((master) => master !== owner)!,
    );
    const after = await appendAtLast(node, '2');
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(before.position.epoch);
    const { entries } = await node.streams.readFromStart(room, all);
    expect(entries.map(({ message }) => message.id)).toEqual(['2']);
  });
});

describe('behind Sentinel', () => {
  let sentinel: RedisSentinel;
  let nodes: RedisNodes;
  beforeAll(async () => {
    sentinel = await startSentinel();
    for (const server of sentinel.servers) {
      await server.setConfig('appendfsync', 'always');
      await server.setConfig('appendonly', 'yes');
    }
    nodes = new RedisNodes({ ...sentinel.clientConfig });
  }, 60_000);
  afterEach(async () => nodes.close());
  afterAll(async () => sentinel[Symbol.asyncDispose]());

  describeStreams('Sentinel', async () => [await openStreams(nodes), await openStreams(nodes)]);

  it('a new primary begins another epoch: nobody knows what it had not heard of yet', async () => {
    const [here, there] = [await openStreams(nodes), await openStreams(nodes)];
    const { position } = await appendAtLast(here, '1');
    const dead = await sentinel.killMaster();
    await sentinel.untilMaster((master) => master !== dead);
    const next = await appendAtLast(there, '2');
    expect(next.position.offset).toBe(1);
    expect(next.position.epoch).not.toBe(position.epoch);
    expect((await there.streams.read(room, position, all)).status).toBe('epoch');
    // Sentinels that don't agree at once who leads try again after ten seconds.
  }, 120_000);
});
