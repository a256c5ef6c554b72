import { startCluster, type RedisCluster as ServerCluster } from '../../../../../test/support/redis/redis-cluster.js';
import { startSentinel, type RedisSentinel } from '../../../../../test/support/redis/redis-sentinel.js';
import { until } from '../../../../../test/support/until.js';
import { defaultInboxLimits } from '../../core/ports/inbox.js';
import type { SessionState } from '../../core/ports/sessions.js';
import { describeCluster } from '../../testing/contracts/cluster.contract.js';
import { describeInbox, inboxContractMaxMessages } from '../../testing/contracts/inbox.contract.js';
import { describePresence } from '../../testing/contracts/presence.contract.js';
import { RedisConnectTokens } from './access/redis-connect-tokens.js';
import { RedisRevocationList } from './access/redis-revocation-list.js';
import { openInbox } from './inbox/inbox-nodes.fixture.js';
import { entry, startPresence } from './presence/presence-nodes.fixture.js';
import { RedisNodes } from './redis-nodes.fixture.js';
import { limits, openClaims, order, statusOf } from './requests/claims-nodes.fixture.js';
import { RedisSessions } from './sessions/redis-sessions.js';

/** As in production, ten times as fast: a moved slot and a new primary take their time. */
const fast = { beatMs: 200, deadAfterMs: 1_000, tidyMs: 1_000, againAfterMs: 1_000 };

const session: SessionState = {
  owner: { userId: 'ann', deviceId: 'phone' },
  ...{ connectionId: 'c1', isClosed: true, rooms: [], metadata: { tenant: 'a' } },
};

const inboxLimits = { ...defaultInboxLimits, maxMessages: inboxContractMaxMessages };

/** Stores a message until it is stored: a moved slot and a new primary take their time. */
async function untilStored(nodes: RedisNodes, id: string) {
  const { store } = await openInbox(nodes);
  const attempt = async () => store('ann', id).catch(() => undefined);
  const stored = await until(attempt, (result) => result !== undefined, { everyMs: 50, patienceMs: 25_000 });
  return stored!.position;
}

describe('on a Redis Cluster', () => {
  let servers: ServerCluster;
  let nodes: RedisNodes;
  beforeAll(async () => {
    servers = await startCluster();
    nodes = new RedisNodes({ cluster: servers.clientConfig });
  }, 60_000);
  afterEach(async () => nodes.close());
  afterAll(async () => servers[Symbol.asyncDispose]());

  describeCluster('Redis Cluster', async () => [(await nodes.open()).cluster, (await nodes.open()).cluster]);
  describePresence('Redis Cluster', async () => [
    (await startPresence(nodes)).presence,
    (await startPresence(nodes)).presence,
  ]);
  describeInbox('Redis Cluster', async () => [
    await openInbox(nodes, inboxLimits),
    await openInbox(nodes, inboxLimits),
  ]);

  it('users of a dead node are told of once each, with their rooms on all nodes of Redis', async () => {
    const [killed, ...others] = [
      await startPresence(nodes, fast),
      await startPresence(nodes, fast),
      await startPresence(nodes, fast),
    ];
    const users = Array.from({ length: 100 }, (_, index) => `user-${String(index)}`);
    const rooms = ['chat:1', 'chat:2', 'chat:3'];
    for (const userId of users) {
      await killed.presence.added(entry(userId));
      await Promise.all(rooms.map(async (room) => killed.presence.joined(entry(userId), room)));
    }
    await killed.kill();
    const gone = () => others.flatMap((other) => other.gone);
    await until(
      () => gone().length,
      (count) => count >= users.length,
    );
    expect(new Map(gone().map(({ userId, ...rest }) => [userId, rest]))).toEqual(
      new Map(users.map((userId) => [userId, { isLast: true, rooms }])),
    );
    expect(gone()).toHaveLength(users.length);
    expect(await others[0].presence.onlineUserCount()).toBe(0);
  });

  it('presence, tokens and revocations follow a slot that moves', async () => {
    const node = await startPresence(nodes, fast);
    const [tokens, revocations] = [new RedisConnectTokens({}, node), new RedisRevocationList({}, node)];
    await node.presence.added(entry('ann'));
    const slot = await servers.slotOf(node.connections.names.userKey('ann'));
    const owner = await servers.ownerOf(slot);
    const target = servers.masters.find((master) => master !== owner)!;
    await servers.moveSlot(slot, owner, target);
    const isTold = async (): Promise<boolean> => {
      await node.presence.added(entry('ann', 'tablet')).catch(() => undefined);
      return (await node.presence.connectionsOf('ann').catch(() => [])).length === 2;
    };
    await until(isTold, Boolean, { everyMs: 20, patienceMs: 10_000 });
    const { connectToken } = await tokens.issue({ userId: 'ann', claims: {} });
    expect(await tokens.redeem(connectToken)).toEqual({ userId: 'ann', claims: {} });
    await revocations.revoke('jti:1', Date.now() + 60_000);
    expect(await revocations.isRevoked('jti:1')).toBe(true);
  });

  it('an inbox follows a slot that moves, with its messages and in a new epoch', async () => {
    const node = await openInbox(nodes);
    const before = await untilStored(nodes, '1');
    const slot = await servers.slotOf(node.connections.names.inboxKeys('ann')[0]!);
    const owner = await servers.ownerOf(slot);
    const target = servers.masters.find((master) => master !== owner)!;
    await servers.moveSlot(slot, owner, target);
    const after = await untilStored(nodes, '2');
    expect(after.offset).toBe(2);
    expect(after.epoch).not.toBe(before.epoch);
    expect(await node.inbox.acknowledgeUpTo('ann', 'phone', before)).toBe(false);
    expect(await node.idsFor('ann')).toEqual(['1', '2']);
  });

  it('a part that has lost everything knows again who is here', async () => {
    const [here, there] = [
      await startPresence(nodes, {}, { auditMs: 50 }),
      await startPresence(nodes, {}, { auditMs: 60_000 }),
    ];
    const users = Array.from({ length: 100 }, (_, index) => `user-${String(index)}`);
    for (const userId of users) await here.presence.added(entry(userId));
    const registryOwner = await servers.ownerOf(await servers.slotOf(here.connections.names.nodes));
    await servers.masters.find((master) => master !== registryOwner)!.flush();
    expect(await there.presence.onlineUserCount()).toBeLessThan(users.length);
    await until(
      () => there.presence.onlineUserCount(),
      (count) => count === users.length,
      { everyMs: 20 },
    );
    expect([...here.gone, ...there.gone]).toEqual([]);
  });
});

describe('behind Sentinel', () => {
  let sentinel: RedisSentinel;
  let nodes: RedisNodes;
  beforeAll(async () => {
    sentinel = await startSentinel();
    nodes = new RedisNodes({ ...sentinel.clientConfig });
  }, 60_000);
  afterEach(async () => nodes.close());
  afterAll(async () => sentinel[Symbol.asyncDispose]());

  describeCluster('Sentinel', async () => [(await nodes.open()).cluster, (await nodes.open()).cluster]);
  describePresence('Sentinel', async () => [
    (await startPresence(nodes)).presence,
    (await startPresence(nodes)).presence,
  ]);
  describeInbox('Sentinel', async () => [await openInbox(nodes, inboxLimits), await openInbox(nodes, inboxLimits)]);

  it('an inbox is there after a failover, and takes no position of before, since the last messages may be missing', async () => {
    const node = await openInbox(nodes);
    const before = await untilStored(nodes, '1');
    await sentinel.failover();
    const after = await untilStored(nodes, '2');
    expect(after.epoch).not.toBe(before.epoch);
    const isRefused = async () => node.inbox.acknowledgeUpTo('ann', 'phone', before).catch(() => undefined);
    expect(await until(isRefused, (answer) => answer !== undefined, { everyMs: 50 })).toBe(false);
    expect(await node.idsFor('ann')).toEqual(['1', '2']);
    // Sentinels that don't agree at once who leads try again after ten seconds, and on a busy machine more than once.
  }, 120_000);

  it('sessions go on after a failover, and what the replica knows to have run does not run again', async () => {
    const [here, there] = [await openClaims(nodes), await openClaims(nodes)];
    const sessions = new RedisSessions(here);
    const [running, unknown] = [
      { ...order, key: 'running' },
      { ...order, key: 'unknown' },
    ];
    for (const request of [order, running]) expect(await statusOf(here.claims, request)).toBe('claimed');
    await here.claims.finish(order, 'kept', limits);
    for (const sessionId of ['kept', 'taken']) await sessions.save(sessionId, session, 60_000);
    await sessions.take('taken', session.owner, { sessionId: 'kept', timeToLiveMs: 60_000 });
    await sentinel.failover();
    const answer = () => there.claims.claim(order, limits).catch(() => undefined);
    expect(await until(answer, (claim) => claim !== undefined, { everyMs: 50, patienceMs: 25_000 })).toEqual({
      status: 'answered',
      answer: 'kept',
    });
    const save = () =>
      sessions.save('new', session, 60_000).then(
        () => true,
        () => false,
      );
    await until(save, Boolean, { everyMs: 50, patienceMs: 25_000 });
    expect(await statusOf(there.claims, running)).toBe('running');
    await here.claims.finish(running, 'after', limits);
    expect(await there.claims.claim(running, limits)).toEqual({ status: 'answered', answer: 'after' });
    expect(await statusOf(there.claims, unknown)).toBe('claimed');
    expect(await sessions.take('taken', session.owner)).toEqual(session);
    expect(await new RedisSessions(there).take('new', session.owner)).toEqual(session);
  }, 120_000);

  it('all who are here are known to the new primary, and nobody is dead, when the old one dies', async () => {
    const [here, there] = [await startPresence(nodes, fast), await startPresence(nodes, fast)];
    for (const userId of ['ann', 'bob', 'cid']) await here.presence.added(entry(userId));
    const dead = await sentinel.killMaster();
    await here.presence.removed(entry('bob')).catch(() => undefined);
    await sentinel.untilMaster((master) => master !== dead);
    await until(
      async () => (await there.presence.onlineUsers({}).catch(() => ({ users: [] }))).users.join(),
      (users) => users === 'ann,cid',
      { everyMs: 50, patienceMs: 25_000 },
    );
    await until(() => here.cluster.health().isReady && there.cluster.health().isReady, Boolean, {
      everyMs: 50,
      patienceMs: 10_000,
    });
    expect([...here.gone, ...there.gone].filter(({ userId }) => userId !== 'bob')).toEqual([]);
  }, 120_000);
});
