import { ClusterChannels, clusterPartitionCount } from '@nest-wsc/protocol/cluster';
import type { WscModuleOptions } from '@nest-wsc/wsc';
import { closeApps } from './support/apps.js';
import { startNode, type LocalNode } from './support/nodes/gateway-node.js';
import { expectHealed, startSending, type Sent } from './support/nodes/heal.js';
import { expectReach } from './support/nodes/promises.js';
import { report } from './support/nodes/report.js';
import { lobby, Resident, untilSendsArrive } from './support/nodes/residents.js';
import { startCluster } from './support/redis/redis-cluster.js';
import { startSentinel } from './support/redis/redis-sentinel.js';
import { list } from './support/redis/reply.js';
import { until } from './support/until.js';

// Sentinels that don't agree at once who leads try again after ten seconds.
jest.setTimeout(180_000);

afterEach(closeApps);

async function settleTwo(redis: WscModuleOptions['redis']): Promise<readonly Resident<LocalNode>[]> {
  const nodes = await Promise.all([startNode('one', redis), startNode('two', redis)]);
  const residents = await Promise.all(nodes.map((node) => Resident.settle(node)));
  await untilSendsArrive(residents);
  return residents;
}

/** Sends from all nodes while something happens; counts what was sent, what was refused, and what somebody did not hear of what was sent. */
async function whileSending(residents: readonly Resident<LocalNode>[], happen: () => Promise<void>): Promise<string> {
  const stops = residents.map(({ node }) => startSending(node));
  const stop = async (): Promise<readonly Sent[]> => Promise.all(stops.map((each) => each()));
  await happen().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const sent = await stop();
  // What was sent to a room before has come before.
  await expectReach(residents);
  const words = sent.flatMap((each) => each.words);
  const refusedCount = sent.reduce((sum, each) => sum + each.refusedCount, 0);
  const lostCount = residents.flatMap((resident) => words.filter((word) => !resident.has(word))).length;
  return `${String(words.length)} sends to two users, ${String(lostCount)} missed by one of them, and ${String(refusedCount)} refused`;
}

describe('a failover', () => {
  it('by Sentinels, whose primary was killed, needs no restart, and every send meanwhile ends in time', async () => {
    await using sentinel = await startSentinel();
    const residents = await settleTwo(sentinel.clientConfig);
    const counts = await whileSending(residents, () =>
      expectHealed('Sentinel: primary killed', residents, async () => {
        const dead = await sentinel.killMaster();
        await sentinel.untilMaster((master) => master !== dead);
      }),
    );
    report('Sentinel: primary killed', counts);
    await closeApps();
  });
});

describe('a slot of a Redis Cluster that moves', () => {
  it('takes its messages and its users with it', async () => {
    await using cluster = await startCluster();
    const residents = await settleTwo({ cluster: cluster.clientConfig });
    const names = new ClusterChannels({ partitionCount: clusterPartitionCount });
    const slot = await cluster.slotOf(names.room(lobby));
    const owner = await cluster.ownerOf(slot);
    const target = cluster.masters.find((master) => master !== owner);
    if (target === undefined) throw new Error('There is only one master.');
    const counts = await whileSending(residents, () =>
      expectHealed('Cluster: slot of a room moved', residents, async () => {
        await cluster.moveSlot(slot, owner, target);
        // Until both nodes listen at its new owner: sends may arrive before that for a moment, and then not.
        const count = async () => list(await target.ask('PUBSUB', 'SHARDNUMSUB', names.room(lobby)))[1];
        await until(count, (subscribers) => subscribers === 2, { patienceMs: 20_000, everyMs: 20 });
      }),
    );
    report('Cluster: slot of a room moved', counts);
    await closeApps();
  });
});
