import { basicCodec, WscError } from '@nest-wsc/protocol';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import { TextEncoding } from '../../testing/text-encoding.js';
import { UnreliableBroker } from '../hub.fixture.js';
import type { MessageInput } from './message.js';

const heardBy = ({ messages }: TestClient) => messages.map(({ event, data }) => `${event} ${JSON.stringify(data)}`);

async function start(init?: Parameters<typeof TestHub.start>[0]) {
  const test = await TestHub.start(init);
  const [ann, tab, bob, nobody] = [
    await test.connect({ userId: 'ann' }),
    await test.connect({ userId: 'ann' }),
    await test.connect({ userId: 'bob' }),
    await test.connect(),
  ];
  return { test, ann, tab, bob, nobody, all: [ann, tab, bob, nobody] };
}

describe('a send', () => {
  it('refuses options that would be left out without a word', async () => {
    const { test } = await start();
    const { hub } = test;
    const message = { event: 'x' };
    const invalid = { error: 'WSC_VALIDATION_FAILED' };
    await expect(hub.sendToRoom('no-history', message, { version: 1 })).rejects.toMatchObject(invalid);
    await expect(hub.sendToUser('ann', message, { timeToLiveMs: 1_000 })).rejects.toMatchObject(invalid);
    await expect(hub.sendToUserWithAck('ann', message, { timeToLiveMs: 1_000 })).rejects.toMatchObject(invalid);
  });

  it('reaches whom it is for, and answers for how many it was queued', async () => {
    const { test, ann, tab, bob, all } = await start();
    const { hub } = test;
    await tab.connection.join('room');
    await bob.connection.join('room');
    const results = [
      await hub.broadcast({ event: 'all', data: 1 }),
      await hub.broadcast({ event: 'others' }, { exceptConnectionId: ann.connection.id }),
      await hub.sendToUser('ann', { event: 'user' }),
      await hub.sendToUser('ann', { event: 'tab' }, { exceptConnectionId: ann.connection.id }),
      await hub.sendToUser('absent', { event: 'x' }),
      await hub.sendToConnection(bob.connection.id, { event: 'connection' }),
      await hub.sendToConnection('unknown', { event: 'x' }),
      await hub.sendToRoom('room', { event: 'room' }),
      await hub.sendToRoom('room', { event: 'room-others' }, { exceptConnectionId: bob.connection.id }),
      await hub.sendToRoom('missing', { event: 'x' }),
      await hub.sendWhereHere(({ userId }) => userId === undefined, { event: 'where' }),
    ];
    expect(results.map(({ queued }) => queued)).toEqual([4, 3, 2, 1, 0, 1, 0, 2, 1, 0, 1]);
    await test.settle();
    expect(all.map(heardBy)).toEqual([
      ['all 1', 'user null'],
      ['all 1', 'others null', 'user null', 'tab null', 'room null', 'room-others null'],
      ['all 1', 'others null', 'connection null', 'room null'],
      ['all 1', 'others null', 'where null'],
    ]);
    const users = await hub.sendToUsers(['ann', 'absent', 'bob'], { event: 'users' });
    expect(users.map(({ queued }) => queued)).toEqual([2, 0, 1]);
    expect(new Set(users.map(({ id }) => id)).size).toBe(1);
    expect(hub.stats()).toMatchObject({ messagesSent: 18, droppedMessages: 0, totalClients: 4, onlineUsers: 2 });
  });

  it("carries what the application says of it, under an id of the server's or its own", async () => {
    const { test, ann } = await start();
    await ann.connection.join('room');
    const { id } = await test.hub.sendToRoom('room', {
      event: 'x',
      data: { a: 1 },
      from: 'bob',
      fromName: 'Bob',
      to: 'ann',
    });
    await test.hub.sendToRoom('room', { event: 'y', id: 'own', priority: 'high' });
    await test.settle();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7/);
    const timestamp = test.clock.now();
    expect(ann.messages).toEqual([
      { type: 'notify', event: 'y', id: 'own', data: null, room: 'room', timestamp },
      {
        type: 'notify',
        event: 'x',
        id,
        data: { a: 1 },
        from: 'bob',
        fromName: 'Bob',
        to: 'ann',
        room: 'room',
        timestamp,
      },
    ]);
  });

  it('is encoded once per encoding, and its bytes are shared', async () => {
    const { test, all } = await start();
    const basic = new TextEncoding(basicCodec);
    const others = [await test.connect({ encoding: basic }), await test.connect({ encoding: basic })];
    const before = [test.encoding.encodeCount, basic.encodeCount];
    await test.hub.broadcast({ event: 'x' });
    await test.hub.broadcast({ event: 'y' });
    await test.settle();
    await test.hub.sendToUser('ann', { event: 'z' });
    expect([test.encoding.encodeCount - before[0]!, basic.encodeCount - before[1]!]).toEqual([3, 2]);
    const last = (clients: readonly TestClient[]) => new Set(clients.map(({ link }) => link.writes.at(-1)));
    expect([last(all).size, last(others).size]).toEqual([1, 1]);
    expect([...last(others)][0]?.toString()).toContain('"payload"');
  });

  it('is in the outboxes when the call comes back, in the order of the calls', async () => {
    const { test, ann } = await start();
    await ann.connection.join('room');
    void test.hub.sendToUser('ann', { event: 'one' });
    ann.connection.send('two');
    void test.hub.sendToRoom('room', { event: 'three' });
    void test.hub.broadcast({ event: 'four' });
    ann.connection.close();
    expect(ann.messages.map(({ event }) => event)).toEqual(['one', 'two', 'three', 'four']);
  });

  it.each<[string, (hub: TestHub['hub']) => Promise<unknown>, string]>([
    ['a room that is no name', (hub) => hub.sendToRoom('', { event: 'x' }), 'WSC_INVALID_NAME'],
    ['a user id that is none', (hub) => hub.sendToUser('a b', { event: 'x' }), 'WSC_INVALID_NAME'],
    [
      'one of many user ids that is none',
      (hub) => hub.sendToUsers(['ann', ''], { event: 'x', data: 1 }),
      'WSC_INVALID_NAME',
    ],
    ['an id that is too long', (hub) => hub.broadcast({ event: 'x', id: 'x'.repeat(65) }), 'WSC_INVALID_NAME'],
    ['data that can not be written', (hub) => hub.broadcast({ event: 'x', data: 1n }), 'WSC_INTERNAL'],
    [
      'data that can not be written, to a user',
      (hub) => hub.sendToUser('ann', { event: 'x', data: 1n }),
      'WSC_INTERNAL',
    ],
    [
      'retries out of range',
      (hub) => hub.sendToUserWithAck('ann', { event: 'x' }, { retries: 11 }),
      'WSC_VALIDATION_FAILED',
    ],
    ['a bad user id, with ack', (hub) => hub.sendToUserWithAck('', { event: 'x' }), 'WSC_INVALID_NAME'],
  ])('rejects %s, and ends nothing when nobody awaits it', async (_, send, error) => {
    const { test, ann } = await start();
    const unhandled: unknown[] = [];
    const onUnhandled = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', onUnhandled);
    void send(test.hub);
    await test.settle();
    process.off('unhandledRejection', onUnhandled);
    expect([unhandled, test.hub.stats().errors]).toEqual([[], 1]);
    await expect(send(test.hub)).rejects.toMatchObject({ error });
    await expect(send(test.hub)).rejects.toBeInstanceOf(WscError);
    expect(ann.messages.filter(({ data }) => data !== null)).toEqual([]);
  });

  it.each<[string, unknown, string]>([
    ['an event that is no name', { event: 'no spaces' }, 'got a string of 9 characters.'],
    ['a message that is none', undefined, "Expected a message such as { event: 'price', data: 42 }, got undefined."],
    ['an event in place of a message', 'price', 'got a string of 5 characters.'],
    ['a priority that does not exist', { event: 'x', priority: 'urgent' }, "'normal' or 'high', got \"urgent\"."],
    ['a priority of another kind', { event: 'x', priority: 1 }, "'normal' or 'high', got 1."],
  ])('rejects %s as the mistake of the program, and ends nothing when nobody awaits it', async (_, message, advice) => {
    const { test, all } = await start();
    const input = message as MessageInput; // What JavaScript lets through.
    const { hub } = test;
    void hub.broadcast(input);
    await test.settle();
    for (const send of [
      () => hub.broadcast(input),
      () => hub.sendToRoom('chat:1', input),
      () => hub.sendToUser('ann', input),
      () => hub.sendToUsers(['ann'], input),
      () => hub.sendToUserWithAck('ann', input),
      () => hub.sendWhereHere(() => true, input),
      () => hub.sendWhere({ rooms: ['chat:1'] }, input),
      () => hub.sendToConnection(all[0]!.connection.id, input),
    ]) {
      const refusal: unknown = await send().then(String, (error: unknown) => error);
      expect(refusal).toBeInstanceOf(TypeError);
      expect(String(refusal)).toContain(advice);
    }
    expect(all.flatMap(({ messages }) => messages)).toEqual([]);
  });

  it('fails as its predicate fails, and when the broker is down', async () => {
    const broker = new UnreliableBroker();
    const { test } = await start({ dependencies: { broker } });
    await expect(
      test.hub.sendWhereHere(
        () => {
          throw new Error('bug');
        },
        { event: 'x' },
      ),
    ).rejects.toThrow('bug');
    broker.isBroken = true;
    await expect(test.hub.broadcast({ event: 'x' })).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    broker.isBroken = false;
  });

  it('is told to callbacks and listeners once, however many receive it', async () => {
    const { test } = await start();
    const told: unknown[] = [];
    test.hub.hooks.onMessageSent(({ event, id }, result) => void told.push([event, result.id === id, result.queued]));
    test.hub.events.on('message.sent', ({ name, data }) => void told.push([name, data]));
    const { id } = await test.hub.broadcast({ event: 'x' });
    await test.settle();
    expect(told).toEqual([
      ['x', true, 4],
      ['message.sent', { event: 'x', id, queued: 4, dropped: 0 }],
    ]);
  });

  it('passes outbound interceptors once, before it is encoded: they may rewrite or veto it', async () => {
    const { test, ann, bob } = await start();
    const targets: unknown[] = [];
    test.hub.interceptors.add({
      outbound: (message, target) => {
        targets.push(target.kind);
        if (message.event === 'veto') return undefined;
        return { ...message, data: 'rewritten' };
      },
    });
    expect(await test.hub.broadcast({ event: 'veto' })).toMatchObject({ queued: 0, dropped: 0 });
    await test.hub.broadcast({ event: 'x', data: 'original' });
    await test.hub.sendToUser('ann', { event: 'y' });
    await test.hub.sendWhereHere(() => true, { event: 'z' });
    ann.connection.send('direct');
    ann.connection.send('veto');
    await test.settle();
    expect(targets).toEqual(['everyone', 'everyone', 'user', 'where', 'connection', 'connection']);
    expect([heardBy(ann).length, heardBy(bob)]).toEqual([4, ['x "rewritten"', 'z "rewritten"']]);
    test.hub.interceptors.add({ outbound: (async () => undefined) as unknown as () => undefined }); // What a compiler refuses and JavaScript does.
    await expect(test.hub.broadcast({ event: 'x' })).rejects.toThrow('must answer at once');
  });
});

describe('disconnectUser and disconnectConnection', () => {
  it('close connections and answer how many', async () => {
    const { test, ann, tab, bob } = await start();
    expect(await test.hub.disconnectUser('ann')).toBe(2);
    expect(await test.hub.disconnectConnection(bob.connection.id, { code: 4100, reason: 'own' })).toBe(true);
    expect(await test.hub.disconnectConnection('unknown')).toBe(false);
    expect([ann, tab, bob].map(({ closedWith }) => closedWith?.code)).toEqual([4503, 4503, 4100]);
    await expect(test.hub.disconnectUser('')).rejects.toMatchObject({ error: 'WSC_INVALID_NAME' });
  });
});

describe('a send with ack', () => {
  it("is acked by the first of the user's own connections, and by nobody else", async () => {
    const { test, ann, tab, bob, nobody } = await start();
    const outcome = test.hub.sendToUserWithAck('ann', { event: 'x', data: 1 });
    await test.settle();
    const [message] = ann.messages;
    expect([message?.ack, tab.messages[0]?.id]).toEqual([true, message?.id]);
    let isSettled = false;
    void outcome.then(() => (isSettled = true));
    for (const stranger of [bob, nobody]) await stranger.send({ type: 'ack', id: message?.id });
    expect([isSettled, test.hub.stats().ignoredAcks]).toEqual([false, 2]);
    await test.clock.advance(40);
    await tab.send({ type: 'ack', ids: [message?.id, 'other'] });
    expect(await outcome).toEqual({
      status: 'acked',
      id: message?.id,
      deviceId: tab.connection.deviceId,
      attempts: 1,
      elapsedMs: 40,
    });
    await ann.send({ type: 'ack', id: message?.id });
    expect(test.hub.stats().ignoredAcks).toBe(4);
  });

  it('is unknown when nobody acks in time, after the same id was sent again, and failed when nobody is there', async () => {
    const { test, bob } = await start();
    const options = { timeoutMs: 1_000, retries: 2 };
    const outcomes = [
      test.hub.sendToUserWithAck('bob', { event: 'x' }, options),
      test.hub.sendToUserWithAck('absent', { event: 'x' }),
    ];
    await test.clock.advance(3_000);
    expect(await Promise.all(outcomes)).toMatchObject([
      { status: 'unknown', attempts: 3, elapsedMs: 3_000 },
      { status: 'failed', attempts: 1, elapsedMs: 0, reason: 'The user is not connected.' },
    ]);
    expect([bob.messages.length, new Set(bob.messages.map(({ id }) => id)).size]).toEqual([3, 1]);
  });

  it('reaches a device that comes back between two attempts', async () => {
    const { test } = await start();
    const outcome = test.hub.sendToUserWithAck('cid', { event: 'x' }, { timeoutMs: 1_000, retries: 1 });
    await test.clock.advance(500);
    const cid = await test.connect({ userId: 'cid', deviceId: 'phone' });
    await test.clock.advance(600);
    await cid.send({ type: 'ack', id: cid.messages[0]?.id });
    expect(await outcome).toMatchObject({ status: 'acked', deviceId: 'phone', attempts: 2 });
  });

  it('is sent once, without asking, to connections that can not ack', async () => {
    await using test = await TestHub.start();
    const dialect = await test.connect({ userId: 'ann', encoding: new TextEncoding(basicCodec) });
    const outcome = test.hub.sendToUserWithAck('ann', { event: 'x' }, { timeoutMs: 1_000, retries: 3 });
    await test.clock.advance(4_000);
    expect(await outcome).toMatchObject({ status: 'unknown', attempts: 4 });
    const heard = Buffer.concat(dialect.link.writes).toString();
    expect([heard.match(/"type":"x"/g)?.length, heard.includes('ack')]).toEqual([1, false]);
  });

  it('is refused while the same id waits for the same user', async () => {
    const { test } = await start();
    void test.hub.sendToUserWithAck('ann', { event: 'x', id: 'm' });
    await expect(test.hub.sendToUserWithAck('ann', { event: 'x', id: 'm' })).rejects.toMatchObject({
      error: 'WSC_CONFLICT',
    });
  });
});
