import { startCluster, type RedisCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { startSentinel, type RedisSentinel } from '../../../../../../test/support/redis/redis-sentinel.js';
import { until } from '../../../../../../test/support/until.js';
import { describeBroker } from '../../../testing/contracts/broker.contract.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { BrokerNode } from './broker-nodes.fixture.js';

const room = { kind: 'room', room: 'chat:1' } as const;

/** Publishes until the other node hears it: the way back has no promised length. */
async function untilHeard(from: BrokerNode, to: BrokerNode, id: string): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    await Promise.resolve(from.publish({ destination: room, message: testMessage(id) })).catch(() => undefined);
    return to.heardIds.includes(id);
  };
  await until(attempt, (isHeard) => isHeard, { everyMs: 20, patienceMs: 15_000 });
}

describe('on a Redis Cluster', () => {
  let cluster: RedisCluster;
  const options = () => ({ cluster: cluster.clientConfig });
  beforeAll(async () => {
    cluster = await startCluster();
  }, 60_000);
  afterAll(() => cluster[Symbol.asyncDispose]());

  describeBroker('Redis Cluster', async () => [await BrokerNode.open(options()), await BrokerNode.open(options())]);

  it('spreads rooms over all nodes of the cluster, and hears each of them', async () => {
    await using here = await BrokerNode.start(options());
    await using there = await BrokerNode.start(options());
    const rooms = Array.from({ length: 200 }, (_, index) => ({ kind: 'room', room: `r${String(index)}` }) as const);
    await Promise.all(rooms.map(async (each) => there.subscribe(each)));
    const results = await Promise.all(
      rooms.map(async (each) => here.publish({ destination: each, message: testMessage(each.room) })),
    );
    expect(results.every(({ otherNodes }) => otherNodes === 1)).toBe(true);
    await until(
      () => there.heard.length,
      (count) => count === rooms.length,
    );
    const shards = await Promise.all(cluster.masters.map((master) => master.ask('PUBSUB', 'SHARDCHANNELS')));
    expect(shards.every((channels) => Array.isArray(channels) && channels.length > 20)).toBe(true);
  });

  it('follows a slot that moves', async () => {
    await using here = await BrokerNode.start(options());
    await using there = await BrokerNode.start(options());
    await there.subscribe(room);
    const slot = await cluster.slotOf(there.connections.names.room(room.room));
    const owner = await cluster.ownerOf(slot);
    const target = cluster.masters.find((master) => master !== owner)!;
    await cluster.moveSlot(slot, owner, target);
    await untilHeard(here, there, 'moved');
    await cluster.moveSlot(slot, target, owner);
    await untilHeard(here, there, 'moved back');
  });

  it('hears open channels on whichever node of the cluster they are published', async () => {
    const node = await BrokerNode.open(options());
    const events: string[] = [];
    node.openChannels.listen((_, message) => events.push(message.event));
    await node.start(() => ({ queued: 0, dropped: 0 }));
    await node.subscribe(room);
    for (const [index, master] of cluster.masters.entries()) {
      await master.ask('PUBLISH', 'websocket:room:chat:1', `{"event":"e${String(index)}"}`);
    }
    await until(
      () => events.length,
      (count) => count === cluster.masters.length,
    );
    await node.close();
  });
});

describe('behind Sentinel', () => {
  let sentinel: RedisSentinel;
  const options = () => ({ ...sentinel.clientConfig });
  beforeAll(async () => {
    sentinel = await startSentinel();
  }, 60_000);
  afterAll(() => sentinel[Symbol.asyncDispose]());

  describeBroker('Sentinel', async () => [await BrokerNode.open(options()), await BrokerNode.open(options())]);

  it('connects again where ioredis gives up, hearing of a failover just while it asks for the primary', async () => {
    await using here = await BrokerNode.start(options());
    const { commands } = here.connections;
    commands.disconnect(true);
    await until(
      () => commands.status,
      (status) => status === 'connecting',
    );
    commands.disconnect(true);
    await until(
      () => commands.status,
      (status) => status === 'end',
    );
    await until(
      () => here.connections.problem,
      (problem) => problem === undefined,
    );
  });

  it('goes to the new primary when the old one dies', async () => {
    await using here = await BrokerNode.start(options());
    await using there = await BrokerNode.start(options());
    await there.subscribe(room);
    const dead = await sentinel.killMaster();
    await sentinel.untilMaster((master) => master !== dead);
    await untilHeard(here, there, 'after');
    await until(
      () => there.connections.problem,
      (problem) => problem === undefined,
      { patienceMs: 10_000 },
    );
    // Sentinels that don't agree at once who leads try again after ten seconds.
  }, 120_000);
});
