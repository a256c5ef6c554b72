import { FaultProxy } from '../../../../../../test/support/redis/fault-proxy.js';
import { startCluster, type RedisCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { describeRequestClaims } from '../../../testing/contracts/request-claims.contract.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { limits, openClaims, order, statusOf, type ClaimsNode } from './claims-nodes.fixture.js';

/** Redis counts whole ones: a renewal within the same one could not be seen. */
async function nextMillisecond(): Promise<void> {
  const now = Date.now();
  await until(
    () => Date.now(),
    (later) => later > now + 1,
  );
}

describe('on one Redis', () => {
  let server: RedisServer;
  let nodes: RedisNodes;
  beforeAll(async () => {
    server = await startRedis();
    nodes = new RedisNodes({ url: server.url });
  });
  afterEach(async () => nodes.close());
  afterAll(async () => server[Symbol.asyncDispose]());

  describeRequestClaims('Redis', async () => [(await openClaims(nodes)).claims, (await openClaims(nodes)).claims]);

  const keysOf = ({ connections }: ClaimsNode) => connections.names.requestKeys(order.owner);
  /** Until when the order is held, by Redis' clock. */
  const heldUntil = async (node: ClaimsNode) =>
    Number(((await server.ask('ZRANGE', String(keysOf(node)[1]), 0, 0, 'WITHSCORES')) as string[])[1] ?? 0);

  it('a request of a dead node is lost, and stays so when nobody knows any more that it died', async () => {
    const [dying, here, there] = [await openClaims(nodes), await openClaims(nodes), await openClaims(nodes)];
    await dying.claims.claim(order, limits);
    here.instances.deadIds = [`${dying.instances.self.instanceId}0`];
    expect(await statusOf(here.claims)).toBe('running');
    here.instances.deadIds = ['another', dying.instances.self.instanceId];
    expect(await statusOf(here.claims)).toBe('lost');
    expect(await statusOf(there.claims)).toBe('lost');
  });

  it('a request of a node that was taken for dead has its answer all the same', async () => {
    const [slow, here] = [await openClaims(nodes), await openClaims(nodes)];
    await slow.claims.claim(order, limits);
    here.instances.deadIds = [slow.instances.self.instanceId];
    expect(await statusOf(here.claims)).toBe('lost');
    await slow.claims.finish(order, 'late', limits);
    expect(await here.claims.claim(order, limits)).toEqual({ status: 'answered', answer: 'late' });
  });

  it('a request that runs again is not answered by its first run', async () => {
    const [slow, here, there] = [await openClaims(nodes), await openClaims(nodes), await openClaims(nodes)];
    await slow.claims.claim(order, limits);
    here.instances.deadIds = [slow.instances.self.instanceId];
    expect(await statusOf(here.claims)).toBe('lost');
    await here.claims.release(order);
    expect(await statusOf(there.claims)).toBe('claimed');
    await slow.claims.finish(order, 'of the first run', limits);
    await slow.claims.release(order);
    await here.claims.release(order);
    expect(await statusOf(here.claims)).toBe('running');
    await there.claims.finish(order, 'of the second', limits);
    expect(await here.claims.claim(order, limits)).toEqual({ status: 'answered', answer: 'of the second' });
  });

  it('a request is lost when its node has not renewed it, and for as long as an answer would be kept', async () => {
    const [silent, here] = [await openClaims(nodes, { leaseMs: 1 }), await openClaims(nodes)];
    await silent.claims.claim(order, limits);
    await until(
      () => statusOf(here.claims),
      (status) => status === 'lost',
    );
    const [known] = keysOf(here);
    expect(Number(await server.ask('PTTL', String(known)))).toBeGreaterThan(limits.windowMs - 5_000);
    const short = { ...limits, windowMs: 1 };
    const other = { ...order, key: 'other' };
    await silent.claims.claim(other, short);
    await until(
      async () => (await here.claims.claim(other, short)).status,
      (status) => status === 'claimed',
    );
  });

  it('a request is renewed while it runs, ten minutes at most', async () => {
    const node = await openClaims(nodes);
    await node.claims.claim(order, limits);
    let last = await heldUntil(node);
    expect(last - Date.now()).toBeGreaterThan(50_000);
    for (let ms = 0; ms < 580_000; ms += 20_000) {
      await nextMillisecond();
      await node.clock.advance(20_000);
      last = await until(
        () => heldUntil(node),
        (at) => at > last,
      );
    }
    await node.clock.advance(20_000);
    await node.claims.finish(order, 'too late', limits);
    expect([await heldUntil(node), await statusOf(node.claims)]).toEqual([last, 'running']);
  });

  it('a request that others have found lost is not renewed', async () => {
    const [slow, here] = [await openClaims(nodes), await openClaims(nodes)];
    await slow.claims.claim(order, limits);
    const other = { ...order, key: 'other' };
    await slow.claims.claim(other, limits);
    here.instances.deadIds = [slow.instances.self.instanceId];
    expect(await statusOf(here.claims)).toBe('lost');
    const before = await heldUntil(slow);
    await nextMillisecond();
    await slow.clock.advance(20_000);
    await until(
      () => heldUntil(slow),
      (at) => at > before,
    );
    expect(await server.ask('ZCARD', String(keysOf(slow)[1]))).toBe(1);
  });

  it('leaves nothing without an end, and nothing of which the rest is gone', async () => {
    const node = await openClaims(nodes);
    await node.claims.claim(order, limits);
    const ends = async () => Promise.all(keysOf(node).map(async (key) => server.ask('PEXPIRETIME', key)));
    expect((await ends()).filter((end) => Number(end) > Date.now() + 115_000)).toHaveLength(2);
    await node.claims.claim({ ...order, key: 'other' }, limits);
    await node.claims.finish(order, 'answer', limits);
    expect(((await server.ask('KEYS', `${nodes.prefix}:*`)) as string[]).sort()).toEqual([...keysOf(node)].sort());
    expect(new Set(await ends()).size).toBe(1);
    await server.ask('DEL', String(keysOf(node)[1]));
    expect(await statusOf(node.claims, { ...order, key: 'other' })).toBe('lost');
  });

  it('counts exactly what it keeps', async () => {
    const node = await openClaims(nodes);
    const few = { ...limits, maxEntries: 3, maxBytes: 700 };
    for (let index = 0; index < 40; index += 1) {
      const request = { ...order, key: String(index % 7) };
      await node.claims.claim(request, few);
      if (index % 3 === 0) await node.claims.release(request);
      else await node.claims.finish(request, index % 5 === 0 ? undefined : 'x'.repeat(index * 10), few);
    }
    const { bytes, ...texts } = fieldsOf(await server.ask('HGETALL', String(keysOf(node)[0])));
    expect(Number(bytes)).toBe(Object.values(texts).join('').length);
    expect(Number(bytes)).toBeLessThanOrEqual(700);
  });

  it('what others have written is a request that nobody knows', async () => {
    const node = await openClaims(nodes);
    await node.claims.claim(order, limits);
    const [known = ''] = keysOf(node);
    const [field = ''] = Object.keys(fieldsOf(await server.ask('HGETALL', known))).filter((name) => name !== 'bytes');
    await server.ask('HSET', known, field, 'nonsense');
    expect(await statusOf((await openClaims(nodes)).claims)).toBe('claimed');
  });

  it('a node that closes tells at once that what it runs is lost', async () => {
    const [closing, here] = [await openClaims(nodes), await openClaims(nodes)];
    await closing.claims.claim(order, limits);
    await Promise.all([closing.claims.close(), closing.claims.close()]);
    expect(await statusOf(here.claims)).toBe('lost');
  });

  it('runs again after Redis has lost its data', async () => {
    const [here, there] = [await openClaims(nodes), await openClaims(nodes)];
    await here.claims.claim(order, limits);
    await server.flush();
    await here.claims.finish(order, 'kept', limits);
    expect(await there.claims.claim(order, limits)).toEqual({ status: 'answered', answer: 'kept' });
    await server.flush();
    expect(await statusOf(there.claims)).toBe('claimed');
  });

  it('claims nothing while Redis has no memory, but keeps the answers of what runs', async () => {
    const [here, there] = [await openClaims(nodes), await openClaims(nodes)];
    await here.claims.claim(order, limits);
    await server.setConfig('maxmemory', 1);
    const other = { ...order, key: 'other' };
    await expect(there.claims.claim(other, limits)).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await here.claims.finish(order, 'answer', limits);
    expect(await statusOf(there.claims)).toBe('answered');
    await server.setConfig('maxmemory', 0);
    expect(await statusOf(there.claims, other)).toBe('claimed');
  });
});

describe('a Redis that has heard a claim, and whose answer is lost', () => {
  it('lets the node claim again, or give it back when it can be reached', async () => {
    await using server = await startRedis();
    await using proxy = await FaultProxy.start(server);
    const nodes = new RedisNodes({ url: proxy.url });
    const here = await openClaims(nodes);
    const other = { ...order, key: 'other' };
    // Redis knows the scripts.
    await here.claims.claim({ ...order, owner: 'bob' }, limits);
    proxy.blackHole('toClient');
    const claims = [order, other].map(async (request) => here.claims.claim(request, limits));
    const settled = Promise.allSettled(claims);
    const running = here.connections.names.requestKeys(order.owner)[1] ?? '';
    await until(
      () => server.ask('ZCARD', running),
      (count) => count === 2,
    );
    proxy.cut();
    proxy.reset();
    for (const result of await settled)
      expect(result).toMatchObject({ status: 'rejected', reason: { error: 'WSC_TIMEOUT' } });
    await proxy.heal();
    const again = () => statusOf(here.claims).catch(() => undefined);
    expect(await until(again, (status) => status !== undefined, { everyMs: 10 })).toBe('claimed');
    const there = await openClaims(nodes);
    expect([await statusOf(there.claims), await statusOf(there.claims, other)]).toEqual(['running', 'running']);
    await here.clock.advance(20_000);
    await until(
      () => statusOf(there.claims, other),
      (status) => status === 'claimed',
    );
    expect(await statusOf(there.claims)).toBe('running');
    await nodes.close();
  });
});

describe('on a Redis Cluster', () => {
  let servers: RedisCluster;
  let nodes: RedisNodes;
  beforeAll(async () => {
    servers = await startCluster();
    nodes = new RedisNodes({ cluster: servers.clientConfig });
  }, 60_000);
  afterEach(async () => nodes.close());
  afterAll(async () => servers[Symbol.asyncDispose]());

  describeRequestClaims('Redis Cluster', async () => [
    (await openClaims(nodes)).claims,
    (await openClaims(nodes)).claims,
  ]);
});

/** Of what `HGETALL` answers. */
function fieldsOf(reply: unknown): Readonly<Record<string, string>> {
  const texts = Array.isArray(reply) ? reply.map(String) : [];
  return Object.fromEntries(texts.flatMap((text, index) => (index % 2 === 0 ? [[text, texts[index + 1] ?? '']] : [])));
}
