import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
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

/** As in production, forty times as fast. */
const fast = { beatMs: 50, deadAfterMs: 400, tidyMs: 400, againAfterMs: 400 };

describeCluster('redis', async () => [
  (await nodes.open({ nodeId: 'a' })).cluster,
  (await nodes.open({ nodeId: 'b' })).cluster,
]);

describe('a node that comes or goes', () => {
  it('is seen by the others at once, not when they look again', async () => {
    const rarely = { beatMs: 600_000, deadAfterMs: 3_000_000 };
    const { cluster } = await nodes.start(rarely);
    const other = await nodes.start(rarely);
    await until(
      () => cluster.nodes().length,
      (count) => count === 2,
    );
    await other.cluster.close();
    await until(
      () => cluster.nodes().length,
      (count) => count === 1,
    );
  });
});

describe('without what Redis knew', () => {
  it('all nodes come back after a flush, and know each other', async () => {
    const both = [await nodes.start(fast), await nodes.start(fast)];
    for (const { cluster } of both)
      await until(
        () => cluster.nodes().length,
        (count) => count === 2,
      );
    const renewals: boolean[] = [];
    const renewed = (wasTakenForDead: boolean): void => void renewals.push(wasTakenForDead);
    for (const { cluster } of both) cluster.watch({ reap: async () => undefined, renewed });
    await server.flush();
    for (const { heard } of both)
      await until(
        () => heard.lostCount,
        (count) => count === 1,
      );
    expect(renewals).toEqual([false, false]);
    const ids = both.map(({ cluster }) => cluster.self.instanceId);
    for (const { cluster } of both) {
      await until(
        () =>
          cluster
            .nodes()
            .map(({ instanceId }) => instanceId)
            .sort(),
        (seen) => seen.join() === [...ids].sort().join(),
      );
    }
  });

  it('a node is not ready and says why, and is back by itself after Redis has started anew', async () => {
    const { cluster, heard } = await nodes.start(fast);
    expect(cluster.health()).toEqual({ isReady: true });
    await server.kill();
    await until(
      () => cluster.health().reason,
      (reason) => reason === 'Redis is not connected.',
    );
    await server.restart({ keepData: false });
    await until(
      () => heard.lostCount,
      (count) => count === 1,
    );
    await until(() => cluster.health().isReady, Boolean);
  });

  it('a node starts, and comes in when Redis does', async () => {
    await server.stop();
    const { cluster, heard } = await nodes.start(fast);
    expect(cluster.health().isReady).toBe(false);
    await server.restart({ keepData: false });
    await until(() => cluster.health().isReady, Boolean);
    expect(heard.lostCount).toBe(0);
  });

  it('a node is not ready while Redis is connected and does not answer', async () => {
    const { cluster } = await nodes.start(fast);
    server.pause();
    try {
      await until(
        () => cluster.health().isReady,
        (isReady) => !isReady,
      );
      expect(cluster.health().reason).toEqual(expect.any(String));
    } finally {
      server.resume();
    }
    await until(() => cluster.health().isReady, Boolean);
  });
});

describe('the registry', () => {
  it('does not wait for times that were written before Redis’ clock was set back', async () => {
    const key = `${nodes.prefix}:nodes`;
    const ahead = Date.now() + 3_600_000;
    const { cluster, heard } = await nodes.start(fast);
    await server.ask('HSET', key, '#', JSON.stringify({ beat: ahead, since: ahead }));
    await server.ask('HSET', key, 'old', JSON.stringify({ node: 'old', started: 1, beat: ahead }));
    await until(
      () => heard.leftIds,
      (ids) => ids.includes('old'),
    );
    expect(cluster.nodes()).toEqual([cluster.self]);
  });

  const warning = expect.stringContaining('same node id');

  it('warns of two nodes of one name, not of one that was started again', async () => {
    const killed = await nodes.start({ ...fast, nodeId: 'same' });
    await killed.kill();
    const first = await nodes.start({ ...fast, nodeId: 'same' });
    await until(
      () => first.cluster.dead(),
      (dead) => dead.includes(killed.cluster.self.instanceId),
    );
    expect(first.logger.messages('warn')).not.toContainEqual(warning);
    await nodes.start({ ...fast, nodeId: 'same' });
    await until(
      () => first.logger.messages('warn'),
      (lines) => lines.some((line) => line.includes('same node id')),
    );
  });

  it('goes with its last node, in a while', async () => {
    const key = `${nodes.prefix}:nodes`;
    const [first, last] = [await nodes.start(fast), await nodes.start(fast)];
    await first.cluster.close();
    expect(await server.ask('TTL', key)).toBe(-1);
    await last.cluster.close();
    expect(await server.ask('TTL', key)).toBeGreaterThan(0);
    await nodes.start(fast);
    expect(await server.ask('TTL', key)).toBe(-1);
  });

  it('drops what it can not read', async () => {
    const key = `${nodes.prefix}:nodes`;
    for (const text of ['', 'null', '{}', '[1]']) await server.ask('HSET', key, `x${text}`, text);
    const { cluster } = await nodes.start(fast);
    expect(await server.ask('HKEYS', key)).toEqual(expect.arrayContaining(['#', cluster.self.instanceId]));
    expect(await server.ask('HLEN', key)).toBe(2);
    expect(cluster.nodes()).toEqual([cluster.self]);
  });
});

describe('what nobody can understand on a node’s channel', () => {
  it('is said once, and harms nothing', async () => {
    const [asking, asked] = [await nodes.start(), await nodes.start()];
    asked.heard.answer = () => 1;
    await until(
      () => asking.cluster.nodes().length,
      (count) => count === 2,
    );
    const channel = asked.connections.names.instance(asked.cluster.self.instanceId);
    for (const text of ['', 'x', '{}', '{"v":2}', '{"v":1,"from":"x","kind":"question","id":1}']) {
      await server.ask('PUBLISH', channel, text);
    }
    expect((await asking.cluster.ask('others', { kind: 'stats' })).answers).toHaveLength(1);
    expect(asked.logger.messages('warn')).toHaveLength(1);
  });
});
