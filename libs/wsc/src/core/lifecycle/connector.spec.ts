import { WscError } from '@nest-wsc/protocol';
import { MemoryRevocationList } from '../../access/memory-revocation-list.js';
import { MemoryPresence } from '../../stores/memory/memory-presence.js';
import { FakeLink } from '../../testing/fake-link.js';
import { TestHub, type TestClientOptions } from '../../testing/test-hub.js';
import { leftBehind, nothing, UnreliableBroker } from '../hub.fixture.js';
import { withResolver } from '../async/with-resolver.js';

/** Admits a connection and opens it, without waiting for anything. */
async function openNow(test: TestHub, options: TestClientOptions = {}) {
  const admission = await test.hub.gate.admit(test.request(options));
  const link = new FakeLink();
  return { connection: test.hub.open(admission, link, test.encoding), link };
}

/** What is announced of connections, users and rooms, as it happens. */
function eventNames({ hub }: TestHub): string[] {
  const names: string[] = [];
  hub.events.on('*', ({ name }) => {
    if (!name.startsWith('message.')) names.push(name);
  });
  return names;
}

describe('a connection that opens', () => {
  it('hears welcome first, then what it was sent in the connect callbacks, whatever the lane', async () => {
    await using test = await TestHub.start();
    test.hub.hooks.onConnect(async (connection) => {
      connection.send('normal');
      connection.send('high', undefined, { priority: 'high' });
      await connection.join('room');
      await test.hub.sendToRoom('room', { event: 'to-room' });
      await test.hub.sendToUser('ann', { event: 'to-user' });
    });
    const client = await test.connect({ userId: 'ann', deviceId: 'phone' });
    const [welcome, ...rest] = client.received;
    expect(welcome).toEqual({
      type: 'welcome',
      data: {
        protocol: 'wsc.v1',
        connectionId: client.connection.id,
        userId: 'ann',
        deviceId: 'phone',
        nodeId: 'node-1',
        session: expect.stringMatching(/^[\w-]{43}$/) as string,
        pingIntervalMs: 30_000,
        maxMessageBytes: 524_288,
        serverTime: test.clock.now(),
      },
    });
    expect(rest.map((envelope) => envelope.type === 'notify' && envelope.event)).toEqual([
      'high',
      'normal',
      'to-room',
      'to-user',
    ]);
  });

  it('handles what came before welcome after it, in order, and answers pings not before it', async () => {
    await using test = await TestHub.start();
    const ready = withResolver<undefined>();
    test.hub.hooks.onConnect(() => ready.promise);
    test.hub.handle('echo', (data) => data);
    const client = await test.connect();
    expect(client.link.isPaused).toBe(true);
    await client.send({ type: 'ping' });
    await client.send({ type: 'request', event: 'echo', request_id: 'a', data: 1 });
    await client.send({ type: 'request', event: 'echo', request_id: 'b', data: 2 });
    expect([client.connection.state, client.received]).toEqual(['connecting', []]);
    ready.resolve(undefined);
    await test.settle();
    expect(client.received.map((envelope) => ('requestId' in envelope ? envelope.requestId : envelope.type))).toEqual([
      'welcome',
      'pong',
      'a',
      'b',
    ]);
    expect(client.link.isPaused).toBe(false);
  });

  it('stays paused where what came before welcome keeps its handlers busy', async () => {
    await using test = await TestHub.start({ limits: { maxConcurrentHandlers: 1 } });
    const [ready, busy] = [withResolver<undefined>(), withResolver<undefined>()];
    test.hub.hooks.onConnect(() => ready.promise);
    test.hub.handle('slow', () => busy.promise);
    const client = await test.connect();
    await client.send({ type: 'notify', event: 'slow' });
    await client.send({ type: 'notify', event: 'slow' });
    ready.resolve(undefined);
    await test.settle();
    expect([client.connection.state, client.link.isPaused]).toEqual(['open', true]);
    busy.resolve(undefined);
    await test.settle();
    expect(client.link.isPaused).toBe(false);
  });

  it('is announced only then: event, presence, and the rooms that it was put into', async () => {
    await using test = await TestHub.start();
    const names = eventNames(test);
    test.hub.namespaces.define('chat', { joinable: true, announceMembers: true, presence: true });
    const bob = await test.connect({ userId: 'bob' });
    await bob.request('join_room', { room: 'chat:1' });
    const ready = withResolver<undefined>();
    test.hub.hooks.onConnect(async (connection) => {
      await connection.join('chat:1');
      await connection.join('chat:left');
      await connection.leave('chat:left');
      await ready.promise;
    });
    await test.clock.advance(2_000);
    names.length = 0;
    const before = bob.messages.length;
    const heard = () => bob.messages.slice(before);
    const ann = await test.connect({ userId: 'ann' });
    await test.clock.advance(2_000);
    expect([names, await test.hub.isUserOnline('ann'), await test.hub.roomMembers('chat:1'), heard()]).toEqual([
      [],
      false,
      [expect.objectContaining({ userId: 'bob' })],
      [],
    ]);
    ready.resolve(undefined);
    await test.settle();
    expect([ann.connection.rooms, await test.hub.isUserOnline('ann')]).toEqual([['chat:1'], true]);
    expect(names).toEqual(['client.connected', 'user.online', 'room.joined']);
    expect(heard().map(({ event, data }) => [event, data])).toEqual([
      ['room_joined', { room: 'chat:1', user_id: 'ann' }],
    ]);
  });

  it('is given up when more is sent to it before welcome than its outbox may hold', async () => {
    await using test = await TestHub.start({ outbox: { maxMessages: 2, maxBytes: 1_000 } });
    test.hub.hooks.onConnect((connection) => {
      if (connection.userId === 'many') for (let index = 0; index < 3; index += 1) connection.send('x');
      if (connection.userId === 'large')
        for (let index = 0; index < 2; index += 1) connection.send('x', 'y'.repeat(600));
      if (connection.userId === 'one') connection.send('x', 'y'.repeat(2_000));
    });
    expect((await test.connect({ userId: 'many' })).closedWith?.code).toBe(4008);
    expect((await test.connect({ userId: 'large' })).closedWith?.code).toBe(4008);
    const one = await test.connect({ userId: 'one' });
    expect([one.connection.state, one.messages.length]).toEqual(['open', 1]);
  });
});

describe('a connection that is refused after the 101', () => {
  it.each<[string, () => unknown, number]>([
    ['answers false', () => false, 4501],
    ['answers a promise of false', () => Promise.resolve(false), 4501],
    ['throws WSC_FORBIDDEN', () => Promise.reject(new WscError('WSC_FORBIDDEN')), 4501],
    ['throws WSC_UNAUTHORIZED', () => Promise.reject(new WscError('WSC_UNAUTHORIZED')), 4501],
    ['throws WSC_VALIDATION_FAILED', () => Promise.reject(new WscError('WSC_VALIDATION_FAILED')), 1011],
    ['throws WSC_LIMIT_EXCEEDED', () => Promise.reject(new WscError('WSC_LIMIT_EXCEEDED')), 1013],
    ['fails', () => Promise.reject(new Error('secret')), 1011],
    ['takes 10 s', () => new Promise(() => undefined), 1013],
  ])('hears no welcome, but a close, when a callback %s', async (_, callback, code) => {
    await using test = await TestHub.start();
    const names = eventNames(test);
    const seen: string[] = [];
    test.hub.namespaces.define('chat', { announceMembers: true });
    const bob = await test.connect({ userId: 'bob' });
    await test.hub.join(bob.connection.id, 'chat:1');
    await test.settle();
    names.length = 0;
    test.hub.hooks.onConnect((connection) => connection.join('chat:1'));
    test.hub.hooks.onConnect(callback);
    test.hub.hooks.onConnect(() => void seen.push('next callback'));
    test.hub.hooks.onDisconnect(() => void seen.push('disconnect callback'));
    const ann = await test.connect({ userId: 'ann' });
    ann.connection.send('held');
    await ann.send({ type: 'request', event: 'echo', request_id: 'a' });
    await test.clock.advance(10_000);
    expect([ann.received, ann.closedWith?.code, seen]).toEqual([[], code, []]);
    await ann.disconnect();
    expect([ann.received, bob.messages, await test.hub.isUserOnline('ann')]).toEqual([[], [], false]);
    expect(names).toEqual(code === 1011 ? ['error'] : []);
    expect(test.hub.stats().totalClients).toBe(1);
    expect(test.logger.messages('error')).toEqual(code === 1011 ? ['A connect callback failed.'] : []);
  });

  it('is refused when its token was revoked between the gate and the welcome', async () => {
    const test = new TestHub();
    const revocations = new MemoryRevocationList({ clock: test.clock });
    await using atGate = await TestHub.start({ dependencies: { revocations } });
    const admission = await atGate.hub.gate.admit(atGate.request({ userId: 'ann' }));
    await atGate.hub.revokeToken('ann');
    const link = new FakeLink();
    atGate.hub.open(admission, link, atGate.encoding);
    await atGate.settle();
    expect([link.closedWith?.code, link.writes]).toEqual([4501, []]);

    await using inCallback = await TestHub.start({ dependencies: { revocations } });
    inCallback.hub.hooks.onConnect(() => inCallback.hub.revokeToken('bob'));
    const bob = await inCallback.connect({ userId: 'bob' });
    expect([bob.closedWith?.code, bob.received]).toEqual([4501, []]);
  });

  it('is refused when its token expires before the welcome', async () => {
    await using test = await TestHub.start();
    const ready = withResolver<undefined>();
    test.hub.hooks.onConnect(() => ready.promise);
    const expiresAt = test.clock.now() + 5_000;
    const ann = await test.connect({ principal: { userId: 'ann', claims: {}, expiresAt } });
    await test.clock.advance(5_000);
    ready.resolve(undefined);
    await test.settle();
    expect([ann.closedWith?.code, ann.received]).toEqual([4001, []]);
  });

  it('runs no callback for a connection that has gone before its turn, and keeps nothing of it', async () => {
    const broker = new UnreliableBroker();
    await using test = await TestHub.start({ dependencies: { broker } });
    let calls = 0;
    test.hub.hooks.onConnect(() => void (calls += 1));
    broker.hold();
    const { connection } = await openNow(test, { userId: 'ann' });
    await test.settle();
    connection.closed(1006, '');
    broker.release();
    await test.settle();
    expect([calls, connection.state, broker.subscriptionCount]).toEqual([0, 'closed', 0]);
    await test.hub.close();
    expect(await leftBehind(test)).toEqual(nothing);
    await expect(test.hub.sendToUser('ann', { event: 'x' })).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
  });
});

describe('a connection that ends', () => {
  it('unsubscribes from nothing that it was never subscribed to', async () => {
    const broker = new UnreliableBroker();
    await using test = await TestHub.start({ dependencies: { broker } });
    broker.isBroken = true;
    const ann = await test.connect({ userId: 'ann' });
    broker.isBroken = false;
    await ann.disconnect(1006);
    expect([ann.connection.state, broker.subscriptionCount]).toEqual(['closed', 0]);
  });

  it('tells the disconnect callbacks and events why, and who began', async () => {
    await using test = await TestHub.start();
    const names = eventNames(test);
    const reasons: unknown[] = [];
    test.hub.hooks.onDisconnect((_, reason) => void reasons.push(reason));
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect()];
    await test.settle();
    names.length = 0;
    await ann.disconnect(1001, 'bye');
    bob.connection.close('kicked');
    await bob.disconnect(1006);
    expect(reasons).toEqual([
      { code: 1001, reason: 'bye', initiatedBy: 'client' },
      { code: 4503, reason: 'kicked', initiatedBy: 'server' },
    ]);
    expect(names).toEqual(['user.offline', 'client.disconnected', 'client.disconnected']);
  });

  it('is over for presence and callbacks even where the broker is down', async () => {
    const broker = new UnreliableBroker();
    await using test = await TestHub.start({ dependencies: { broker } });
    const reasons: number[] = [];
    test.hub.hooks.onDisconnect((_, { code }) => void reasons.push(code));
    const ann = await test.connect({ userId: 'ann' });
    await ann.connection.join('room');
    broker.isBroken = true;
    await ann.disconnect();
    expect([reasons, await test.hub.isUserOnline('ann'), test.hub.stats().totalRooms]).toEqual([[1000], false, 0]);
    expect(test.logger.messages('debug')).toContain('A subscription could not be ended.');
    broker.isBroken = false;
  });

  it('is welcomed and told of its rooms even where presence is down', async () => {
    const presence = new MemoryPresence();
    await using test = await TestHub.start({ dependencies: { presence } });
    presence.added = () => {
      throw new WscError('WSC_UNAVAILABLE');
    };
    const names = eventNames(test);
    test.hub.hooks.onConnect((connection) => connection.join('room'));
    const ann = await test.connect({ userId: 'ann' });
    expect([ann.connection.state, names]).toEqual(['open', ['client.connected', 'room.joined']]);
  });

  it('keeps its user online while another connection of the user lives', async () => {
    await using test = await TestHub.start();
    const names = eventNames(test);
    const [phone, laptop] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'ann' })];
    await phone.disconnect();
    expect([await test.hub.isUserOnline('ann'), test.hub.connectionsOf('ann')]).toEqual([true, [laptop.connection]]);
    await laptop.disconnect();
    expect([await test.hub.isUserOnline('ann'), await test.hub.onlineUserCount()]).toEqual([false, 0]);
    expect(names.filter((name) => name.startsWith('user.'))).toEqual(['user.online', 'user.offline']);
  });

  it.each(['expires while it is open', 'expires while the machine sleeps'])(
    'is closed with 4001 when its token %s',
    async (how) => {
      await using test = await TestHub.start();
      const principal = { userId: 'ann', claims: {}, expiresAt: test.clock.now() + 60_500 };
      const [ann, bob] = [await test.connect({ principal }), await test.connect({ userId: 'bob' })];
      await test.clock.advance(30_000);
      if (how.includes('sleeps')) {
        test.clock.jump(3_600_000);
        await test.clock.advance(1_000);
      } else {
        await test.clock.advance(30_000);
        expect(ann.closedWith).toBeUndefined();
        await test.clock.advance(2_000);
      }
      expect([ann.closedWith?.code, bob.closedWith]).toEqual([4001, undefined]);
    },
  );

  it('is closed with 4002 when nothing is heard of it for the client time-out, after it was pinged', async () => {
    await using test = await TestHub.start();
    const [silent, alive] = [await test.connect(), await test.connect()];
    for (let half = 0; half < 7; half += 1) {
      await test.clock.advance(15_000);
      alive.connection.touch();
    }
    expect([silent.closedWith?.code, silent.link.pings, alive.closedWith]).toEqual([4002, 2, undefined]);
  });

  it('leaves no timer behind when it was the last', async () => {
    await using test = await TestHub.start();
    const expiresAt = test.clock.now() + 60_000;
    const ann = await test.connect({ principal: { userId: 'ann', claims: {}, expiresAt } });
    expect(test.clock.timerCount).toBeGreaterThan(0);
    ann.connection.close();
    await ann.disconnect();
    expect(test.clock.timerCount).toBe(0);
  });

  it('releases its places, so that the next may come', async () => {
    await using test = await TestHub.start({ limits: { maxConnections: 1, maxConnectionsPerUser: 1 } });
    const ann = await test.connect({ userId: 'ann' });
    await expect(test.connect({ userId: 'ann' })).rejects.toMatchObject({ statusCode: 503 });
    await ann.disconnect();
    await test.connect({ userId: 'ann' });
  });
});

describe('a user with too many devices', () => {
  it.each([
    ['kick-oldest', ['one'], ['two', 'three']],
    ['kick-all', ['one', 'two'], ['three']],
  ] as const)(
    'loses the older ones with 4504 under %s, once the newcomer is welcome',
    async (whenExceeded, gone, left) => {
      await using test = await TestHub.start({ options: { devicePolicy: { maxDevices: 2, whenExceeded } } });
      const clients = new Map<string, Awaited<ReturnType<TestHub['connect']>>>();
      for (const deviceId of ['one', 'two']) clients.set(deviceId, await test.connect({ userId: 'ann', deviceId }));
      const secondTab = await test.connect({ userId: 'ann', deviceId: 'one' });
      expect(clients.get('one')?.closedWith).toBeUndefined();
      const remove = test.hub.hooks.onConnect(() => false);
      await test.connect({ userId: 'ann', deviceId: 'refused' });
      expect(clients.get('one')?.closedWith).toBeUndefined();
      remove();
      clients.set('three', await test.connect({ userId: 'ann', deviceId: 'three' }));
      for (const device of gone) expect(clients.get(device)?.closedWith?.code).toBe(4504);
      for (const device of left) expect(clients.get(device)?.closedWith).toBeUndefined();
      expect(secondTab.closedWith?.code).toBe(4504);
    },
  );

  it.each([
    ['the older is welcome first', ['A', 'B']],
    ['the newer is welcome first', ['B', 'A']],
  ])('keeps the device that came last, also where %s', async (_, order) => {
    const devicePolicy = { maxDevices: 1, whenExceeded: 'kick-oldest' } as const;
    await using test = await TestHub.start({ options: { devicePolicy } });
    const ready = new Map(['A', 'B'].map((deviceId) => [deviceId, withResolver<undefined>()]));
    test.hub.hooks.onConnect(({ deviceId }) => ready.get(deviceId)?.promise);
    const clients = [
      await test.connect({ userId: 'ann', deviceId: 'A' }),
      await test.connect({ userId: 'ann', deviceId: 'B' }),
    ];
    for (const deviceId of order) {
      ready.get(deviceId)?.resolve(undefined);
      await test.settle();
    }
    expect(clients.map(({ closedWith }) => closedWith?.code)).toEqual([4504, undefined]);
    expect(clients[1]?.connection.state).toBe('open');
  });

  it('is not let in behind later devices that hold all the places of a limit that came meanwhile', async () => {
    await using test = await TestHub.start();
    const names = eventNames(test);
    const ready = withResolver<undefined>();
    test.hub.hooks.onConnect(({ deviceId }) => (deviceId === 'slow' ? ready.promise : undefined));
    const [slow, later] = [
      await test.connect({ userId: 'ann', deviceId: 'slow' }),
      await test.connect({ userId: 'ann', deviceId: 'later' }),
    ];
    test.hub.updateOptions({ ...test.hub.options, devicePolicy: { maxDevices: 1, whenExceeded: 'kick-oldest' } });
    ready.resolve(undefined);
    await test.settle();
    expect([slow.closedWith?.code, slow.received, later.closedWith]).toEqual([4504, [], undefined]);
    expect(names.filter((name) => name === 'client.connected')).toHaveLength(1);
  });
});
