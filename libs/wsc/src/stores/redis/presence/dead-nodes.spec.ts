import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { entry, startPresence, type PresenceNode } from './presence-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

/** As in production, forty times as fast; what is not told is found out long after the tests. */
const fast = { beatMs: 50, deadAfterMs: 400, tidyMs: 400, againAfterMs: 400 };
const start = (graceMs = 10_000): Promise<PresenceNode> =>
  startPresence(nodes, fast, { auditMs: 60_000, graceMs: () => graceMs });

const heardBy = (others: readonly PresenceNode[]) => others.flatMap(({ gone }) => gone);
/** Where Redis has what the node told of users and rooms; all of them are in one partition. */
const holdings = ({ cluster, connections: { names } }: PresenceNode) => names.holdingsKey(0, cluster.self.instanceId);
const byUser = (gone: readonly { readonly userId: string }[]) =>
  [...gone].sort((a, b) => a.userId.localeCompare(b.userId));

describe('a node that was killed', () => {
  it('leaves nobody behind, and its users are told of once in the whole cluster', async () => {
    const [killed, ...others] = [await start(), await start(), await start()];
    const users = Array.from({ length: 450 }, (_, index) => `user-${String(index)}`);
    await Promise.all(
      users.map(async (userId) => {
        for (const device of ['phone', 'tablet']) await killed.presence.added(entry(userId, device));
        for (const room of ['chat:1', 'chat:2']) await killed.presence.joined(entry(userId), room);
      }),
    );
    const { presence } = others[0];
    expect(await presence.onlineUserCount()).toBe(users.length);
    await killed.kill();
    await until(
      () => heardBy(others).length,
      (count) => count >= users.length,
    );
    const expected = users.map((userId) => ({ userId, isLast: true, rooms: ['chat:1', 'chat:2'] }));
    // After it was tidied up behind for the second time, too.
    await until(
      () => others[0].cluster.dead().length + others[1].cluster.dead().length,
      (count) => count === 0,
    );
    expect(byUser(heardBy(others))).toEqual(byUser(expected));
    expect(await presence.onlineUserCount()).toBe(0);
    expect(await presence.roomUsers('chat:1')).toEqual([]);
    const keys = await server.ask('KEYS', `${nodes.prefix}:*:of:*`);
    expect(keys).toEqual([]);
  });

  it('takes only its own connections with it', async () => {
    const [killed, other] = [await start(), await start()];
    await killed.presence.added(entry('ann'));
    await other.presence.added(entry('ann', 'tablet'));
    await killed.presence.joined(entry('ann'), 'chat:1');
    await other.presence.joined(entry('ann', 'tablet'), 'chat:1');
    await killed.presence.joined(entry('ann'), 'chat:2');
    await killed.presence.added(entry('bob'));
    await killed.kill();
    await until(
      () => other.gone.length,
      (count) => count === 2,
    );
    expect(byUser(other.gone)).toEqual([
      { userId: 'ann', isLast: false, rooms: ['chat:2'] },
      { userId: 'bob', isLast: true, rooms: [] },
    ]);
    expect(await other.presence.connectionsOf('ann')).toEqual([entry('ann', 'tablet')]);
    expect(await other.presence.roomUsers('chat:1')).toEqual([{ userId: 'ann', devices: 1, since: 1_000 }]);
  });

  it('has nobody to be told of who is in the same rooms on another one already', async () => {
    const [killed, other] = [await start(), await start()];
    await killed.presence.added(entry('ann'));
    await killed.presence.joined(entry('ann'), 'chat:1');
    await killed.presence.added(entry('bob'));
    await killed.kill();
    await other.presence.added(entry('ann', 'phone', 'again'));
    expect(await other.presence.joined(entry('ann', 'phone', 'again'), 'chat:1')).toMatchObject({ isFirst: false });
    await until(
      () => other.gone.length,
      (count) => count === 1,
    );
    expect(other.gone).toEqual([{ userId: 'bob', isLast: true, rooms: [] }]);
  });

  it('lets its users come back into their rooms within the grace as if they had not been away', async () => {
    const [killed, other] = [await start(), await start()];
    await killed.presence.added(entry('ann'));
    await killed.presence.joined(entry('ann'), 'chat:1');
    await killed.kill();
    await until(
      () => other.gone.length,
      (count) => count === 1,
    );
    expect(await other.presence.joined(entry('ann', 'phone', 'again'), 'chat:1')).toEqual({
      isFirst: true,
      isReturn: true,
    });
  });

  it('takes no places of its users, and is asked about no more, before it was tidied up behind', async () => {
    const [killed, other] = [await start(), await start()];
    const limits = { maxConnections: 1, maxDevices: 1 };
    await killed.presence.reserve(entry('bob'), limits);
    for (const userId of ['ann', 'cid']) await killed.presence.added(entry(userId));
    await killed.presence.joined(entry('ann'), 'chat:1');
    // As a reaper that is slow: the entries stay, though all know that the node is dead.
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    other.cluster.watch({ reap: () => slow, renewed: () => undefined });
    const { names } = killed.connections;
    const texts = await Promise.all(['ann', 'cid'].map((userId) => server.ask('HGETALL', names.userKey(userId))));
    const room = await server.ask('HGETALL', names.roomKey('chat:1'));
    await killed.kill();
    await until(
      () => other.gone.length,
      (count) => count === 2,
    );
    for (const [index, userId] of ['ann', 'cid'].entries()) {
      await server.ask('HSET', names.userKey(userId), ...(texts[index] as string[]));
    }
    await server.ask('HSET', names.roomKey('chat:1'), ...(room as string[]));
    expect(await other.presence.isOnline('ann')).toBe(false);
    expect(await other.presence.connectionsOf('ann')).toEqual([]);
    expect(await other.presence.roomUsers('chat:1')).toEqual([]);
    expect(await other.presence.reserve(entry('bob', 'tablet'), limits)).toEqual({ ok: true });
    expect(await other.presence.reserve(entry('cid', 'tablet'), limits)).toEqual({ ok: true });
    finish();
  });
});

describe('a node that was stopped for longer than others wait, and goes on', () => {
  it('has all of its connections again, also after it was tidied up behind for the second time', async () => {
    const [stopped, other] = [await start(), await start()];
    await stopped.presence.added(entry('ann'));
    await stopped.presence.joined({ ...entry('ann'), since: 2_000 }, 'chat:1');
    stopped.clock.stop();
    await until(
      () => other.gone,
      (gone) => gone.length === 1,
    );
    expect(await other.presence.isOnline('ann')).toBe(false);
    stopped.clock.resume();
    await until(async () => other.presence.isOnline('ann'), Boolean);
    await until(
      () => other.cluster.dead().length,
      (count) => count === 0,
    );
    expect(await other.presence.connectionsOf('ann')).toEqual([entry('ann')]);
    expect(await other.presence.roomUsers('chat:1')).toEqual([{ userId: 'ann', devices: 1, since: 2_000 }]);
    expect(other.gone).toHaveLength(1);
    expect(stopped.gone).toEqual([]);
  });

  it.each([
    ['in time, where the rooms were not told yet', 10_000, ' in time'],
    ['where they were', 0, ''],
  ])('tells once that its users are back, and in which rooms: %s', async (_, graceMs, inTime) => {
    const [stopped, other] = [await start(), await start(graceMs)];
    await stopped.presence.added(entry('ann'));
    await stopped.presence.added(entry('ann', 'tablet'));
    await stopped.presence.joined(entry('ann'), 'chat:1');
    stopped.clock.stop();
    await until(
      () => other.gone,
      (gone) => gone.length === 1,
    );
    stopped.clock.resume();
    await until(
      () => stopped.returned,
      (returned) => returned.length === 2,
    );
    await until(
      () => other.cluster.dead().length,
      (count) => count === 0,
    );
    expect(stopped.returned).toEqual(['ann', `ann chat:1${inTime}`]);
    expect(other.returned).toEqual([]);
  });

  it('tells nobody back who was connected elsewhere all along', async () => {
    const [stopped, other] = [await start(), await start()];
    for (const [node, device] of [[stopped, 'phone'] as const, [other, 'tablet'] as const]) {
      await node.presence.added(entry('ann', device));
      await node.presence.joined(entry('ann', device), 'chat:1');
    }
    await stopped.presence.added(entry('bob'));
    stopped.clock.stop();
    await until(
      () => other.gone,
      (gone) => gone.length === 1,
    );
    stopped.clock.resume();
    await until(
      async () => other.presence.connectionsOf('ann'),
      (connections) => connections.length === 2,
    );
    await until(
      () => stopped.returned,
      (returned) => returned.length > 0,
    );
    expect(stopped.returned).toEqual(['bob']);
  });

  it('tells back whose end elsewhere was taken for the last one meanwhile', async () => {
    const [stopped, other] = [await start(), await start()];
    await stopped.presence.added(entry('ann'));
    await other.presence.added(entry('ann', 'tablet'));
    stopped.clock.stop();
    await until(
      async () => other.presence.connectionsOf('ann'),
      (connections) => connections.length === 1,
    );
    await until(async () => (await server.ask('EXISTS', holdings(stopped))) === 0, Boolean);
    expect(await other.presence.removed(entry('ann', 'tablet'))).toEqual({ isLast: true });
    stopped.clock.resume();
    await until(
      () => stopped.returned,
      (returned) => returned.length > 0,
    );
    expect(stopped.returned).toEqual(['ann']);
  });

  it('tells nobody back of whom nobody had told that they went', async () => {
    const stopped = await start();
    // It was chosen to tidy up, and has not begun.
    const { cluster } = await nodes.start({ ...fast, tidyMs: 60_000 });
    const slow = new Promise<void>((resolve) => nodes.onClose(async () => resolve()));
    cluster.watch({ reap: () => slow, renewed: () => undefined });
    await stopped.presence.added(entry('ann'));
    await stopped.presence.joined(entry('ann'), 'chat:1');
    const old = holdings(stopped);
    stopped.clock.stop();
    await until(
      () => cluster.dead().length,
      (count) => count === 1,
    );
    stopped.clock.resume();
    await until(
      () => stopped.logger.messages('info'),
      (lines) => lines.includes('Redis knows again who is here.'),
    );
    expect(holdings(stopped)).not.toBe(old);
    expect([...stopped.gone, ...stopped.returned]).toEqual([]);
  });

  it('owns under its new name what it told late under the old one', async () => {
    const [stopped, other] = [await start(), await start()];
    const { names } = stopped.connections;
    const old = names.holdingsKey(0, stopped.cluster.self.instanceId);
    stopped.clock.stop();
    await until(
      () => other.cluster.dead().length,
      (count) => count === 1,
    );
    await stopped.presence.added(entry('ann'));
    await stopped.presence.joined(entry('ann'), 'chat:1');
    expect(await server.ask('SCARD', old)).toBe(2);
    stopped.clock.resume();
    await until(
      () => server.ask('SCARD', old),
      (count) => count === 0,
    );
    // As if it had come after that: what has another owner stays, whoever is told to remove it.
    await server.ask('SADD', old, 'u ann ann%2Fphone%2F', 'r chat%3A1 ann ann%2Fphone%2F');
    await until(
      () => server.ask('EXISTS', old),
      (count) => count === 0,
    );
    expect(await other.presence.connectionsOf('ann')).toEqual([entry('ann')]);
    expect(await other.presence.roomUsers('chat:1')).toHaveLength(1);
    expect(other.gone).toEqual([]);
  });

  it('removes late what went meanwhile, and nobody’s newer connection', async () => {
    const [stopped, other] = [await start(), await start()];
    await stopped.presence.added(entry('ann'));
    stopped.clock.stop();
    await until(
      () => other.gone,
      (gone) => gone.length === 1,
    );
    await other.presence.added(entry('ann', 'phone', 'newer'));
    expect(await stopped.presence.removed(entry('ann'))).toEqual({ isLast: false });
    stopped.clock.resume();
    await until(
      () => other.cluster.dead().length,
      (count) => count === 0,
    );
    expect(await other.presence.connectionsOf('ann')).toEqual([entry('ann', 'phone', 'newer')]);
  });
});
