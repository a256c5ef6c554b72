import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { RedisNodes } from '../redis-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

/** As in production, forty times as fast. */
const fast = { beatMs: 50, deadAfterMs: 400, tidyMs: 400, againAfterMs: 400 };

describe('a node that dies without a word', () => {
  it('is gone for all others, who hear of it once', async () => {
    const others = [await nodes.start({ ...fast, nodeId: 'a' }), await nodes.start({ ...fast, nodeId: 'b' })];
    const dying = await nodes.start({ ...fast, nodeId: 'c' });
    const { instanceId } = dying.cluster.self;
    for (const { cluster } of others)
      await until(
        () => cluster.nodes().length,
        (count) => count === 3,
      );
    await dying.kill();
    for (const { cluster } of others)
      await until(
        () => cluster.nodes().length,
        (count) => count === 2,
      );
    const third = await nodes.start({ ...fast, nodeId: 'd' });
    for (const { heard } of others) {
      await until(() => heard.joinedIds.includes(third.cluster.self.instanceId), Boolean);
      expect(heard.leftIds).toEqual([instanceId]);
    }
  });

  it('is tidied up behind twice, by one of the others, and then forgotten', async () => {
    const tidied: string[] = [];
    const slowly = { ...fast, againAfterMs: 1_500 };
    const others = [await nodes.start(slowly), await nodes.start(slowly)];
    for (const { cluster } of others) {
      cluster.watch({ reap: async (instanceId) => void tidied.push(instanceId), renewed: () => undefined });
    }
    const dying = await nodes.start(fast);
    const { instanceId } = dying.cluster.self;
    await dying.kill();
    await until(
      () => tidied.length,
      (count) => count === 1,
    );
    for (const { cluster } of others) {
      await until(
        () => cluster.dead(),
        (dead) => dead.includes(instanceId),
      );
    }
    await until(
      async () => server.ask('HEXISTS', `${nodes.prefix}:nodes`, instanceId),
      (reply) => reply === 0,
    );
    expect(tidied).toEqual([instanceId, instanceId]);
    await until(
      () => others.flatMap(({ cluster }) => cluster.dead()),
      (dead) => dead.length === 0,
    );
  });

  it('is left to the one that was chosen to tidy up, for its time', async () => {
    const patient = { ...fast, tidyMs: 60_000 };
    let count = 0;
    let finish: () => void = () => undefined;
    const slow = new Promise<void>((resolve) => (finish = resolve));
    const others = [await nodes.start(patient), await nodes.start(patient)];
    for (const { cluster } of others) {
      cluster.watch({
        reap: () => {
          count += 1;
          return slow;
        },
        renewed: () => undefined,
      });
    }
    await (await nodes.start(patient)).kill();
    await until(
      () => others.map(({ cluster }) => cluster.dead().length),
      (counts) => counts.every((seen) => seen === 1),
    );
    const { instanceId } = (await nodes.start(patient)).cluster.self;
    for (const { heard } of others) await until(() => heard.joinedIds.includes(instanceId), Boolean);
    expect(count).toBe(1);
    finish();
  });

  it('is tidied up behind by another one where the first fails', async () => {
    let count = 0;
    const cluster = (await nodes.start(fast)).cluster;
    cluster.watch({
      reap: async () => {
        count += 1;
        if (count === 1) throw new Error('Redis is gone.');
      },
      renewed: () => undefined,
    });
    await (await nodes.start(fast)).kill();
    await until(
      () => count,
      (seen) => seen === 3,
    );
  });
});

describe('a node that the others took for dead', () => {
  it('comes back under a new instance id and says that it has lost what it told', async () => {
    const [other, stopped] = [await nodes.start(fast), await nodes.start(fast)];
    const old = stopped.cluster.self;
    const renewals: boolean[] = [];
    const renewed = (wasTakenForDead: boolean): void => void renewals.push(wasTakenForDead);
    stopped.cluster.watch({ reap: async () => undefined, renewed });
    await until(
      () => other.cluster.nodes().length,
      (count) => count === 2,
    );
    stopped.clock.stop();
    await until(
      () => other.heard.leftIds,
      (ids) => ids.includes(old.instanceId),
    );
    stopped.clock.resume();
    await until(
      () => stopped.heard.lostCount,
      (count) => count === 1,
    );
    const { self } = stopped.cluster;
    expect(self).toEqual({ ...old, instanceId: expect.not.stringContaining(old.instanceId) });
    expect(renewals).toEqual([true]);
    await until(
      () => other.cluster.nodes(),
      (seen) => seen.some(({ instanceId }) => instanceId === self.instanceId),
    );
    stopped.heard.answer = () => 1;
    expect(await other.cluster.ask('others', { kind: 'stats' })).toEqual({
      answers: [{ node: self, value: 1 }],
      missing: [],
    });
  });

  it('is not waited for while it is stopped, once it counts as dead', async () => {
    const [asking, stopped] = [
      await nodes.start({ ...fast, askTimeoutMs: 10_000 }),
      await nodes.start({ ...fast, askTimeoutMs: 10_000 }),
    ];
    await until(
      () => asking.cluster.nodes().length,
      (count) => count === 2,
    );
    stopped.clock.stop();
    expect(await asking.cluster.ask('others', { kind: 'stats' })).toEqual({ answers: [], missing: [] });
  });
});

describe('an outage of Redis', () => {
  it('that is longer than nodes may be silent makes nobody dead', async () => {
    const both = [await nodes.start(fast), await nodes.start(fast)];
    const ids = both.map(({ cluster }) => cluster.self.instanceId);
    for (const { cluster } of both)
      await until(
        () => cluster.nodes().length,
        (count) => count === 2,
      );
    const pausedAt = performance.now();
    server.pause();
    await until(
      () => performance.now() - pausedAt,
      (ms) => ms > 2 * fast.deadAfterMs,
      { everyMs: 20 },
    );
    server.resume();
    const third = await nodes.start(fast);
    for (const { cluster } of both)
      await until(
        () => cluster.nodes().length,
        (count) => count === 3,
      );
    await until(() => both.every(({ cluster }) => cluster.health().isReady), Boolean);
    expect(both.map(({ cluster }) => cluster.self.instanceId)).toEqual(ids);
    for (const { heard } of both) expect([heard.joinedIds.length, heard.leftIds, heard.lostCount]).toEqual([2, [], 0]);
    expect(third.cluster.dead()).toEqual([]);
  });

  it('does not keep those alive who died in it', async () => {
    const [other, killed] = [await nodes.start(fast), await nodes.start(fast)];
    await until(
      () => other.cluster.nodes().length,
      (count) => count === 2,
    );
    await killed.kill();
    const pausedAt = performance.now();
    server.pause();
    await until(
      () => performance.now() - pausedAt,
      (ms) => ms > 2 * fast.deadAfterMs,
      { everyMs: 20 },
    );
    server.resume();
    await until(
      () => other.heard.leftIds,
      (ids) => ids.includes(killed.cluster.self.instanceId),
    );
  });
});
