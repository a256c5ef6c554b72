import { FakeLink } from '../../testing/fake-link.js';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import { answersClose, leftBehind, nothing, UnreliableBroker } from '../hub.fixture.js';
import { withResolver } from '../async/with-resolver.js';
import { reconnectSpreadMs } from './drain.js';

function answersTerminate({ link, connection }: TestClient): void {
  link.terminate = () => queueMicrotask(() => connection.closed(1006, ''));
}

/** How long something takes on the test's clock. */
async function timed(test: TestHub, work: Promise<void>): Promise<number> {
  let endedAt: number | undefined;
  void work.then(() => (endedAt = test.clock.monotonic()));
  const startedAt = test.clock.monotonic();
  for (let waited = 0; endedAt === undefined && waited < 60_000; waited += 50) await test.clock.advance(50);
  return (endedAt ?? Infinity) - startedAt;
}

describe('a drain', () => {
  it('says goodbye to each client with a delay of its own, and closes it with 1012', async () => {
    await using test = await TestHub.start();
    const clients = [];
    for (let index = 0; index < 10; index += 1) clients.push(await test.connect());
    clients.forEach(answersClose);
    expect(await timed(test, test.hub.drain())).toBe(0);
    const goodbyes = clients.map(({ received }) => received.at(-1));
    expect(goodbyes[0]).toEqual({
      type: 'goodbye',
      data: { code: 1012, reason: 'service restart', reconnect: true, reconnectInMs: 0 },
    });
    const delays = goodbyes.map((goodbye) => goodbye?.type === 'goodbye' && goodbye.data.reconnectInMs);
    expect(new Set(delays).size).toBe(10);
    expect(clients.map(({ closedWith }) => closedWith?.code)).toEqual(clients.map(() => 1012));
  });

  it.each([
    [10, 15_000, 1_000],
    [2_000, 15_000, 8_000],
    [10_000, 15_000, 15_000],
    [30_000, 15_000, 30_000],
    [100_000, 15_000, 60_000],
    [5_000, 0, 5_000],
  ])('of %i clients in %i ms has them come back over %i ms', (count, drainMs, spreadMs) => {
    expect(reconnectSpreadMs(count, drainMs)).toBe(spreadMs);
  });

  it('takes no new connection, nor one whose handshake is being checked, nor one that was admitted before', async () => {
    await using test = await TestHub.start();
    const admission = await test.hub.gate.admit(test.request());
    test.hub.gate.addConnectGuard(() => new Promise(() => undefined));
    const checked = test.hub.gate.admit(test.request());
    void test.hub.drain();
    await expect(checked).rejects.toMatchObject({ statusCode: 503, headers: { 'Retry-After': '5' } });
    await expect(test.connect()).rejects.toMatchObject({ statusCode: 503 });
    const link = new FakeLink();
    test.hub.open(admission, link, test.encoding);
    await test.settle();
    expect([link.closedWith?.code, link.writes]).toEqual([1012, []]);
  });

  it('lets running handlers answer, and refuses what comes after the goodbye', async () => {
    await using test = await TestHub.start();
    const work = withResolver<string>();
    test.hub.handle('slow', () => work.promise);
    test.hub.handle('join', () => work.promise);
    const client = await test.connect();
    answersClose(client);
    await client.request('slow');
    const drained = timed(test, test.hub.drain());
    await test.clock.advance(1_000);
    expect(client.closedWith).toBeUndefined();
    expect(await client.request('slow')).toMatchObject({ error: 'WSC_UNAVAILABLE', requestId: 'request-2' });
    work.resolve('done');
    expect(await drained).toBeLessThan(2_000);
    expect(client.received.map((envelope) => ('data' in envelope ? envelope.data : envelope.type))).toContain('done');
    expect([client.closedWith?.code, test.hub.stats().totalClients]).toEqual([1012, 0]);
  });

  it('delivers what is queued for a slow client before the close', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    answersClose(client);
    client.link.isBlocked = true;
    client.connection.send('first');
    await test.settle();
    client.connection.send('second');
    void test.hub.drain();
    await test.settle();
    expect(client.closedWith).toBeUndefined();
    await client.unblock();
    expect(client.received.map(({ type }) => type)).toEqual(['welcome', 'notify', 'goodbye', 'notify']);
    expect(client.closedWith?.code).toBe(1012);
  });

  it.each<[string, (test: TestHub) => Promise<void>]>([
    [
      'a handler hangs',
      async (test) => {
        test.hub.handle('hang', () => new Promise(() => undefined));
        const client = await test.connect();
        answersClose(client);
        await client.request('hang');
      },
    ],
    ['a client never answers the close', async (test) => answersTerminate(await test.connect())],
    [
      'a client takes no bytes',
      async (test) => {
        const client = await test.connect();
        answersTerminate(client);
        client.link.isBlocked = true;
        for (let index = 0; index < 3; index += 1) client.connection.send('x');
        await test.settle();
        client.connection.send('x');
      },
    ],
    [
      'a connect callback hangs',
      async (test) => {
        test.hub.hooks.onConnect(() => new Promise(() => undefined));
        answersClose(await test.connect());
      },
    ],
    [
      'a disconnect callback hangs',
      async (test) => {
        test.hub.hooks.onDisconnect(() => new Promise(() => undefined));
        answersClose(await test.connect());
      },
    ],
    [
      'a link never ends',
      async (test) => {
        await test.connect();
      },
    ],
  ])('is over within the drain time when %s', async (when, prepare) => {
    const test = await TestHub.start({ options: { drainMs: 4_000, connectTimeoutMs: 60_000 } });
    await prepare(test);
    expect(await timed(test, test.hub.drain())).toBeLessThanOrEqual(4_000);
    expect(test.hub.stats().totalClients).toBe(when === 'a link never ends' ? 1 : 0);
  });

  it('is one drain, however often it is asked for', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    answersClose(client);
    const [first, second] = [test.hub.drain(), test.hub.drain()];
    expect(second).toBe(first);
    await test.settle();
    await test.hub.close();
    expect(client.received.filter(({ type }) => type === 'goodbye')).toHaveLength(1);
    expect([test.hub.isDraining, test.hub.isRunning]).toEqual([true, false]);
  });
});

describe('a hub that was closed', () => {
  it('has nothing left: no timer, connection, room, handler or entry, and said so as an event', async () => {
    await using test = await TestHub.start({ outbox: { flushDelayMs: 2 } });
    const events: string[] = [];
    test.hub.events.on('websocket.stopped', ({ name }) => void events.push(name));
    test.hub.namespaces.define('chat', { joinable: true, presence: true, announceMembers: true });
    const expiresAt = test.clock.now() + 3_600_000;
    for (const userId of ['ann', 'bob', 'cid']) {
      const client = await test.connect({ principal: { userId, claims: {}, expiresAt } });
      answersClose(client);
      answersTerminate(client);
      await client.request('join_room', { room: 'chat:1' });
      await client.request('subscribe', { room: `chat:${userId}` });
    }
    test.hub.createRoom('kept');
    const [blocked] = test.hub.connectionsOf('ann');
    blocked?.send('x', undefined, { ack: true });
    const acked = test.hub.sendToUserWithAck('bob', { event: 'x' }, { timeoutMs: 600_000 });
    const closing = test.hub.close();
    await test.clock.advance(test.hub.options.drainMs);
    await closing;
    expect(await acked).toMatchObject({ status: 'unknown' });
    expect(events).toEqual(['websocket.stopped']);
    expect(await leftBehind(test)).toEqual({ ...nothing, totalRooms: 1 });
    expect(test.hub.roomInfo('kept')?.members).toBe(0);
  });

  it('has told of its end when the call comes back, since the process may end then', async () => {
    const test = await TestHub.start();
    const events: string[] = [];
    test.hub.events.on('*', ({ name }) => void events.push(name));
    await test.hub.close();
    expect(events).toEqual(['websocket.stopped']);
  });

  it('leaves no room behind a connection that ended while it joined', async () => {
    const broker = new UnreliableBroker();
    await using test = await TestHub.start({ dependencies: { broker } });
    const client = await test.connect({ userId: 'ann' });
    broker.hold();
    const joined = client.connection.join('room');
    await client.disconnect();
    broker.release();
    await joined;
    await test.hub.close();
    expect(await leftBehind(test)).toEqual(nothing);
  });
});
