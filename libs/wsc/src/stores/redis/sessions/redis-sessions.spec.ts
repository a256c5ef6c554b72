import { startCluster, type RedisCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import type { SessionState } from '../../../core/ports/sessions.js';
import { describeSessions } from '../../../testing/contracts/sessions.contract.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisSessions } from './redis-sessions.js';

const owner = { userId: 'ann', deviceId: 'phone' };
const place = { sessionId: 's', userId: 'ann' };
const state: SessionState = { owner, connectionId: 'c1', isClosed: false, rooms: [], metadata: { tenant: 'a' } };

async function openOn(nodes: RedisNodes): Promise<RedisSessions> {
  const { connections } = await nodes.open();
  // On a busy machine a Cluster may take longer than a node waits for it at its start.
  await until(
    () => connections.problem,
    (problem) => problem === undefined,
    { everyMs: 10 },
  );
  return new RedisSessions({ connections });
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

  const key = () => `${nodes.prefix}:{p0}:session:s`;

  describeSessions('Redis', async () => [await openOn(nodes), await openOn(nodes)]);

  it('stand under one key each, beside one for each user, which end as they do', async () => {
    const sessions = await openOn(nodes);
    const anonymous = { ...state, owner: { userId: undefined, deviceId: 'phone' } };
    await sessions.save('s', anonymous, 30_000);
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual([key()]);
    await sessions.remove({ sessionId: 's', userId: undefined });
    await sessions.save('s', state, 30_000.5);
    const listKey = `${nodes.prefix}:{p0}:sessions:ann`;
    const keys = async () => [...((await server.ask('KEYS', `${nodes.prefix}:*`)) as string[])].sort();
    expect(await keys()).toEqual([key(), listKey]);
    const left = async () => Promise.all([key(), listKey].map(async (name) => Number(await server.ask('PTTL', name))));
    expect(Math.min(...(await left()))).toBeGreaterThan(20_000);
    await sessions.extend([place], 90_000);
    expect(Math.min(...(await left()))).toBeGreaterThan(80_000);
    await sessions.save('t', state, 1_000);
    expect(Math.min(...(await left()))).toBeGreaterThan(80_000);
    await sessions.remove({ ...place, sessionId: 't' });
    await sessions.take('s', owner, { sessionId: 'next', timeToLiveMs: 30_000.5 });
    const successorKey = `${nodes.prefix}:{p0}:session-successor:s`;
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual([successorKey]);
    expect(Number(await server.ask('PTTL', successorKey))).toBeGreaterThan(20_000);
    await sessions.take('s', owner);
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual([]);
  });

  it('are not listed for longer than they are kept', async () => {
    const sessions = await openOn(nodes);
    await sessions.save('t', state, 30_000);
    await sessions.save('s', state, 1);
    const listed = async () => server.ask('ZRANGE', `${nodes.prefix}:{p0}:sessions:ann`, 0, -1);
    await until(
      async () => {
        await sessions.save('t', state, 30_000);
        return listed();
      },
      (names) => JSON.stringify(names) === '["t"]',
    );
    await sessions.removeOf('ann');
    const successorKey = `${nodes.prefix}:{p0}:session-successor:t`;
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual([successorKey]);
    expect(Number(await server.ask('PTTL', successorKey))).toBeGreaterThan(20_000);
  });

  it.each([
    ['is no JSON', '{"owner":["ann","phone",null],'],
    ['lacks a part', '{"owner":["ann","phone",null],"connectionId":"c1","isClosed":true,"rooms":[]}'],
    [
      'has another kind of room',
      '{"owner":["ann","phone",null],"connectionId":"c1","isClosed":true,"rooms":[["a","king",true]],"metadata":{}}',
    ],
    ['goes on behind the owner', '{"owner":["ann","phone",null]'],
    ['is nothing', ''],
  ])('give nobody what somebody else has written that %s', async (_, text) => {
    const sessions = await openOn(nodes);
    await server.ask('SET', key(), text);
    expect(await sessions.take('s', owner)).toBeUndefined();
  });

  it('fail while Redis is gone, and refuse while it has no memory, but are taken then', async () => {
    const sessions = await openOn(nodes);
    await sessions.save('s', state, 60_000);
    await server.setConfig('maxmemory', 1);
    await expect(sessions.save('s', state, 1_000)).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await sessions.take('s', owner, { sessionId: 'next', timeToLiveMs: 1_000 })).toEqual(state);
    await server.setConfig('maxmemory', 0);
    await server.kill();
    const attempts = [
      () => sessions.save('s', state, 1_000),
      () => sessions.replace('s', state, 1_000),
      () => sessions.extend([place], 1_000),
      () => sessions.take('s', owner),
      () => sessions.remove(place),
      () => sessions.removeOf('ann'),
    ];
    await until(
      () => sessions.take('s', owner).then(String, String),
      (answer) => answer.includes('WscError'),
    );
    for (const attempt of attempts) await expect(attempt()).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await server.restart({ keepData: false });
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

  describeSessions('Redis Cluster', async () => [await openOn(nodes), await openOn(nodes)]);
});
