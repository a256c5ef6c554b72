import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { describePresence } from '../../../testing/contracts/presence.contract.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { entry, startPresence } from './presence-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

const start = (...options: Parameters<typeof startPresence> extends [unknown, ...infer Rest] ? Rest : never) =>
  startPresence(nodes, ...options);

describePresence('redis', async () => [(await start()).presence, (await start()).presence]);

describe('a user who comes back into a room', () => {
  it('has not been away within the grace, on whichever node, and only once', async () => {
    const [{ presence: here }, { presence: there }] = [await start(), await start()];
    await here.joined(entry('ann'), 'chat:1');
    await here.left(entry('ann'), 'chat:1');
    expect(await there.joined(entry('ann'), 'chat:2')).toEqual({ isFirst: true, isReturn: false });
    expect(await there.joined(entry('ann'), 'chat:1')).toEqual({ isFirst: true, isReturn: true });
    expect(await there.joined(entry('ann'), 'chat:1')).toEqual({ isFirst: true, isReturn: false });
    await there.joined(entry('ann', 'tablet'), 'chat:1');
    await there.left(entry('ann'), 'chat:1');
    expect(await here.joined(entry('ann'), 'chat:1')).toEqual({ isFirst: false, isReturn: false });
  });

  it('does not return where the room was not told yet that the user had come', async () => {
    const [{ presence: here }, { presence: there }] = [await start(), await start()];
    await here.joined(entry('ann'), 'chat:1');
    await here.left(entry('ann'), 'chat:1', false);
    expect(await there.joined(entry('ann'), 'chat:1')).toEqual({ isFirst: true, isReturn: false });
  });

  it('was away after the grace, or where there is none', async () => {
    const { presence, connections } = await start({}, { graceMs: () => 20 });
    await presence.joined(entry('ann'), 'chat:1');
    await presence.left(entry('ann'), 'chat:1');
    await until(
      () => connections.commands.exists(connections.names.awayKey('chat:1')),
      (count) => count === 0,
    );
    expect(await presence.joined(entry('ann'), 'chat:1')).toEqual({ isFirst: true, isReturn: false });
    const { presence: without } = await start({}, { graceMs: () => 0 });
    await without.left(entry('ann'), 'chat:1');
    expect(await without.joined(entry('ann'), 'chat:1')).toEqual({ isFirst: true, isReturn: false });
  });
});

describe('a place', () => {
  const limits = { maxConnections: 1, maxDevices: 0 };

  it('that nobody gave back ends by itself', async () => {
    const { presence } = await start({}, { placeMs: 50 });
    await presence.reserve(entry('ann'), limits);
    expect(await presence.reserve(entry('ann', 'tablet'), limits)).toEqual({ ok: false, exceeded: 'connections' });
    await until(async () => (await presence.reserve(entry('ann', 'tablet'), limits)).ok, Boolean);
  });

  it('ends by itself beside a later one', async () => {
    const [{ presence: short }, { presence: long }] = [await start({}, { placeMs: 50 }), await start()];
    const two = { maxConnections: 2, maxDevices: 0 };
    await short.reserve(entry('ann'), two);
    await long.reserve(entry('ann', 'tablet'), two);
    await until(async () => (await long.reserve(entry('ann', 'laptop'), two)).ok, Boolean);
  });

  it('that is reserved twice is one', async () => {
    const { presence } = await start();
    expect(await presence.reserve(entry('ann'), limits)).toEqual({ ok: true });
    expect(await presence.reserve(entry('ann'), limits)).toEqual({ ok: true });
  });
});

describe('names', () => {
  it.each(['__proto__', 'a b', 'x;y', '{p1}', '%20', 'ünï|☃@example.com', '*?[', 'constructor', ' '])(
    'like %j are those of ordinary users, devices and connections',
    async (name) => {
      const [{ presence: here }, { presence: there }] = [await start(), await start()];
      const odd = { connectionId: name, userId: name, deviceId: name, nodeId: name, since: 5 };
      await here.reserve(odd, { maxConnections: 1, maxDevices: 1 });
      await here.added(odd);
      await here.joined(odd, name);
      expect(await there.connectionsOf(name)).toEqual([odd]);
      expect(await there.roomUsers(name)).toEqual([{ userId: name, devices: 1, since: 5 }]);
      expect((await there.onlineUsers({})).users).toEqual([name]);
      expect(await here.removed(odd)).toEqual({ isLast: true });
      expect(await there.roomUsers(name)).toEqual([]);
    },
  );
});

describe('what somebody else has written into its keys', () => {
  it('is nobody', async () => {
    const { presence, connections } = await start();
    const { names } = connections;
    await presence.added(entry('ann'));
    for (const text of ['', 'x', '% % % 1']) {
      await server.ask('HSET', names.userKey('ann'), `c${text}`, text);
      await server.ask('HSET', names.roomKey('chat:1'), `u${text}`, text);
    }
    expect(await presence.connectionsOf('ann')).toEqual([entry('ann')]);
    expect(await presence.roomUsers('chat:1')).toEqual([]);
  });
});

describe('a Redis that has forgotten the scripts', () => {
  it('gets them again', async () => {
    const { presence } = await start();
    await presence.added(entry('ann'));
    await server.ask('SCRIPT', 'FLUSH');
    expect(await presence.added(entry('ann', 'tablet'))).toEqual({ isFirst: false });
  });
});

describe('a connection that has gone', () => {
  it('leaves nothing in Redis', async () => {
    const { presence } = await start({}, { graceMs: () => 0 });
    const before = await server.ask('KEYS', `${nodes.prefix}:*`);
    await presence.reserve(entry('ann'), { maxConnections: 9, maxDevices: 9 });
    await presence.added(entry('ann'));
    for (const room of ['chat:1', 'chat:2']) await presence.joined(entry('ann'), room);
    await presence.left(entry('ann'), 'chat:1');
    await presence.removed(entry('ann'));
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual(before);
  });
});

describe('once all nodes are closed', () => {
  it('nothing stays in Redis without an end', async () => {
    const [here, there] = [await start(), await start()];
    for (const [index, { presence }] of [here, there].entries()) {
      await presence.reserve(entry('bob', String(index)), { maxConnections: 9, maxDevices: 9 });
      await presence.added(entry('ann', String(index)));
      await presence.joined(entry('ann', String(index)), 'chat:1');
    }
    const { prefix } = nodes;
    await nodes.close();
    const keys = await server.ask('KEYS', `${prefix}:*`);
    const ends = await Promise.all((Array.isArray(keys) ? keys : []).map((key) => server.ask('TTL', String(key))));
    expect(ends.filter((seconds) => Number(seconds) < 0)).toEqual([]);
  });
});
