import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import type { PresenceEntry } from '../../../core/ports/presence.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { entry, startPresence, type PresenceNode } from './presence-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } });
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

/** A node lives through the restart of a Redis that keeps its data. */
const patient = { beatMs: 50, deadAfterMs: 30_000, tidyMs: 30_000, againAfterMs: 30_000 };
const start = (auditMs = 60_000, times = patient): Promise<PresenceNode> => startPresence(nodes, times, { auditMs });

const silentMs = 800;

/** No node can be told from a dead one then. */
async function loseAfterSilence(): Promise<void> {
  await server.kill();
  const killedAt = performance.now();
  await until(
    () => performance.now() - killedAt,
    (ms) => ms > silentMs,
    { everyMs: 20 },
  );
  await server.restart({ keepData: false });
}

const byConnection = (entries: readonly PresenceEntry[]) =>
  [...entries].sort((a, b) => a.connectionId.localeCompare(b.connectionId));

/** What a node sees of who is here. */
async function seenBy({ presence }: PresenceNode): Promise<unknown> {
  const { users } = await presence.onlineUsers({});
  const rooms = await Promise.all(['chat:1', 'chat:2'].map(async (room) => presence.roomUsers(room)));
  return {
    connections: await Promise.all(users.map(async (userId) => byConnection(await presence.connectionsOf(userId)))),
    rooms: rooms.map((room) => [...room].sort((a, b) => a.userId.localeCompare(b.userId))),
  };
}

async function fill(here: PresenceNode, there: PresenceNode): Promise<void> {
  for (const userId of Array.from({ length: 250 }, (_, index) => `user-${String(index)}`)) {
    await here.presence.added(entry(userId));
    await here.presence.joined({ ...entry(userId), since: 2_000 }, 'chat:1');
  }
  await there.presence.added(entry('user-1', 'tablet'));
  await there.presence.joined(entry('user-1', 'tablet'), 'chat:2');
}

describe('a Redis that has lost everything', () => {
  it.each([
    ['by a flush', async () => server.flush()],
    ['by a restart', async () => server.restart({ keepData: false })],
    ['after it was gone for longer than a node may be silent', loseAfterSilence],
  ])('%s knows again who is here, and nobody is told that somebody went or came', async (_, lose) => {
    const times = lose === loseAfterSilence ? { ...patient, deadAfterMs: silentMs / 2 } : patient;
    const [here, there] = [await start(60_000, times), await start(60_000, times)];
    await fill(here, there);
    const before = JSON.stringify(await seenBy(there));
    await lose();
    await until(
      async () => JSON.stringify(await seenBy(there).catch(() => '')),
      (seen) => seen === before,
      {
        patienceMs: 10_000,
        everyMs: 20,
      },
    );
    expect([here, there].flatMap(({ gone, returned }) => [...gone, ...returned])).toEqual([]);
  });
});

describe('a Redis that has lost something', () => {
  it('knows it again after two looks', async () => {
    const [here, there] = [await start(20), await start()];
    await here.presence.added(entry('ann'));
    await here.presence.joined(entry('ann'), 'chat:1');
    const before = JSON.stringify(await seenBy(there));
    const { names } = here.connections;
    const { instanceId } = here.cluster.self;
    for (const key of [names.userKey('ann'), names.onlineKey(0), names.holdingsKey(0, instanceId)]) {
      await server.ask('DEL', key);
    }
    expect(await there.presence.isOnline('ann')).toBe(false);
    await until(
      async () => JSON.stringify(await seenBy(there)),
      (seen) => seen === before,
    );
  });

  it('forgets whom it takes for online by mistake, and it is told as of a dead node’s', async () => {
    const [here, there] = [await start(20), await start()];
    await here.presence.added(entry('ann'));
    await here.presence.joined(entry('ann'), 'chat:1');
    const { names } = here.connections;
    const { instanceId } = here.cluster.self;
    // As a command that Redis carried out though nobody waited for it any more.
    await server.ask('HSET', names.userKey('bob'), 'c1', `${instanceId} phone n1 1`);
    await server.ask('ZADD', names.onlineKey(0), 0, 'bob');
    await server.ask('SADD', names.holdingsKey(0, instanceId), 'u bob c1');
    expect(await there.presence.isOnline('bob')).toBe(true);
    await until(
      async () => there.presence.isOnline('bob'),
      (isOnline) => !isOnline,
    );
    await until(
      () => here.gone,
      (gone) => gone.length === 1,
    );
    expect(here.gone).toEqual([{ userId: 'bob', isLast: true, rooms: [] }]);
    expect(await there.presence.isOnline('ann')).toBe(true);
    expect(await server.ask('SMEMBERS', names.holdingsKey(0, instanceId))).toHaveLength(2);
  });
});

describe('while Redis is gone', () => {
  it('who comes is told as returned when it is back, also where Redis has heard of it and could not answer', async () => {
    const [here, there] = [await start(), await start()];
    await there.presence.added(entry('bob', 'tablet'));
    server.pause();
    try {
      const changes = [here.presence.added(entry('ann')), here.presence.joined(entry('ann'), 'chat:1')];
      const outcomes = await Promise.allSettled(changes);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    } finally {
      server.resume();
    }
    const unheard = await server.ask('EXISTS', here.connections.names.userKey('ann'));
    expect(unheard).toBe(1);
    await until(
      () => here.returned,
      (returned) => returned.length === 2,
    );
    expect(here.returned).toEqual(['ann', 'ann chat:1']);
    expect(there.returned).toEqual([]);
  });

  it('changes fail soon, and are told when it is back', async () => {
    const [here, there] = [await start(), await start()];
    await here.presence.added(entry('ann'));
    await here.presence.joined(entry('ann'), 'chat:1');
    await here.presence.added(entry('bob'));
    await here.presence.joined(entry('bob'), 'chat:1');
    await server.kill();
    const unavailable = expect.objectContaining({ error: 'WSC_UNAVAILABLE' });
    const startedAt = performance.now();
    await expect(here.presence.removed(entry('ann'))).rejects.toEqual(unavailable);
    await expect(here.presence.left(entry('bob'), 'chat:1')).rejects.toEqual(unavailable);
    await expect(here.presence.added(entry('cid'))).rejects.toEqual(unavailable);
    await expect(here.presence.joined(entry('cid'), 'chat:2')).rejects.toEqual(unavailable);
    await expect(here.presence.isOnline('cid')).rejects.toEqual(unavailable);
    await expect(here.presence.onlineUsers({})).rejects.toEqual(unavailable);
    await expect(here.presence.reserve(entry('dan'), { maxConnections: 1, maxDevices: 0 })).rejects.toEqual(
      unavailable,
    );
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await server.restart({ keepData: true });
    const expected = {
      connections: [[entry('bob')], [entry('cid')]],
      rooms: [[], [{ userId: 'cid', devices: 1, since: 1_000 }]],
    };
    await until(
      async () => JSON.stringify(await seenBy(there).catch(() => '')),
      (seen) => seen === JSON.stringify(expected),
      { patienceMs: 10_000, everyMs: 20 },
    );
    expect(here.gone).toEqual(
      expect.arrayContaining([
        { userId: 'ann', isLast: true, rooms: ['chat:1'] },
        { userId: 'bob', isLast: false, rooms: ['chat:1'] },
      ]),
    );
    expect(here.returned).toEqual(['cid', 'cid chat:2']);
  });
});
