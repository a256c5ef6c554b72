import { TestHub, type TestClient, type TestHubOptions } from '../../testing/test-hub.js';
import type { HubEvent } from '../extensions/events.js';

/** A hub with a namespace for each policy, named after it, and a budget of four messages. */
async function start(options: TestHubOptions = {}): Promise<TestHub> {
  const test = await TestHub.start({ outbox: { maxMessages: 4 }, ...options });
  for (const policy of ['drop-oldest', 'drop-newest', 'latest-only'] as const) {
    test.hub.namespaces.define(policy, { backpressure: policy, announceMembers: true });
  }
  return test;
}

/** A client in `rooms` that takes no bytes from now on. */
async function connectSlow(test: TestHub, rooms: readonly string[], userId?: string): Promise<TestClient> {
  const client = await test.connect(userId === undefined ? {} : { userId });
  for (const room of rooms) await client.connection.join(room);
  await block(test, client);
  return client;
}

async function block(test: TestHub, client: TestClient): Promise<void> {
  client.link.isBlocked = true;
  client.connection.send('filler');
  await test.settle();
}

async function sendMany(test: TestHub, room: string, count: number): Promise<(readonly [number, number])[]> {
  const results = [];
  for (let index = 1; index <= count; index += 1) {
    const { queued, dropped } = await test.hub.sendToRoom(room, { event: 'tick', data: index });
    results.push([queued, dropped] as const);
  }
  return results;
}

function dataOf(client: TestClient): unknown[] {
  return client.messages.filter(({ event }) => event === 'tick').map(({ data }) => data);
}

describe('a slow consumer in a room whose namespace has a drop policy', () => {
  it.each([
    ['drop-oldest', [4, 5, 6, 7], [2, 0]],
    ['drop-newest', [1, 2, 3, 4], [1, 1]],
    ['latest-only', [5, 6, 7], [2, 0]],
  ] as const)(
    'stays and hears what %s leaves, others hear all, and each drop is counted',
    async (policy, heard, last) => {
      await using test = await start();
      const slow = await connectSlow(test, [`${policy}:x`]);
      const quick = await test.connect();
      await quick.connection.join(`${policy}:x`);
      const before = test.hub.stats();
      expect((await sendMany(test, `${policy}:x`, 7)).at(-1)).toEqual(last);
      expect(before.droppedByPolicy[policy]).toBe(0);
      expect(test.hub.stats()).toMatchObject({
        droppedMessages: 7 - heard.length,
        droppedByPolicy: { 'drop-oldest': 0, 'drop-newest': 0, 'latest-only': 0, [policy]: 7 - heard.length },
        closedSlowConsumers: 0,
      });
      await slow.unblock();
      await sendMany(test, `${policy}:x`, 1);
      await test.settle();
      expect([dataOf(slow), slow.closedWith]).toEqual([[...heard, 1], undefined]);
      expect(dataOf(quick)).toEqual([1, 2, 3, 4, 5, 6, 7, 1]);
    },
  );

  it('is answered, and gets what asks for an acknowledgement, in place of what may be dropped', async () => {
    await using test = await start({ outbox: { maxMessages: 2 } });
    test.hub.handle('ask', () => 'answer');
    // Even one that an interceptor gives a room.
    test.hub.interceptors.add({
      outbound: (message) => (message.event === 'acked' ? { ...message, room: 'drop-newest:x' } : message),
    });
    const slow = await connectSlow(test, ['drop-newest:x'], 'ann');
    await sendMany(test, 'drop-newest:x', 2);
    void test.hub.sendToUserWithAck('ann', { event: 'acked' }, { timeoutMs: 1_000 });
    await slow.request('ask');
    expect((await sendMany(test, 'drop-newest:x', 1)).at(-1)).toEqual([0, 1]);
    await slow.unblock();
    expect(slow.received.slice(2).map((envelope) => ('event' in envelope ? envelope.event : envelope.type))).toEqual([
      'acked',
      'response',
    ]);
    expect(slow.closedWith).toBeUndefined();
    await test.clock.advance(1_000);
  });

  it('is closed with 4008 where its outbox is full of what must not be dropped', async () => {
    await using test = await start({ outbox: { maxMessages: 1 } });
    const slow = await connectSlow(test, ['drop-oldest:x']);
    slow.connection.send('first', undefined, { ack: true });
    expect(await sendMany(test, 'drop-oldest:x', 1)).toEqual([[0, 1]]);
    expect([slow.closedWith?.code, test.hub.stats()]).toMatchObject([
      4008,
      { droppedMessages: 1, droppedByPolicy: { 'drop-oldest': 0 }, closedSlowConsumers: 1 },
    ]);
  });

  it('is closed with 4008 all the same once its link took nothing for the write time-out', async () => {
    await using test = await start({ outbox: { writeTimeoutMs: 2_000 } });
    const slow = await connectSlow(test, ['drop-oldest:x']);
    await sendMany(test, 'drop-oldest:x', 100);
    await test.clock.advance(2_000);
    expect([slow.closedWith?.code, test.hub.stats().closedSlowConsumers]).toEqual([4008, 1]);
  });

  it('hears that its room was deleted, whatever it misses', async () => {
    await using test = await start();
    const slow = await connectSlow(test, ['drop-newest:x']);
    await sendMany(test, 'drop-newest:x', 5);
    await test.hub.deleteRoom('drop-newest:x');
    await slow.unblock();
    expect(slow.messages.at(-1)).toMatchObject({ event: 'room_closed', data: { reason: 'deleted' } });
    expect(dataOf(slow)).toEqual([2, 3, 4]);
  });

  it('is not counted as closed for being slow where it was closing anyway', async () => {
    await using test = await start({ outbox: { writeTimeoutMs: 1_000 } });
    const slow = await connectSlow(test, []);
    slow.connection.send('last');
    slow.connection.close('kicked');
    await test.clock.advance(1_500);
    expect([slow.closedWith?.code, slow.link.isTerminated, test.hub.stats().closedSlowConsumers]).toEqual([
      4503,
      true,
      0,
    ]);
  });

  it('is treated alike before its welcome, which still comes first', async () => {
    await using test = await start();
    test.hub.hooks.onConnect(async (connection) => {
      await connection.join('drop-oldest:x');
      await sendMany(test, 'drop-oldest:x', 6);
    });
    const client = await test.connect();
    expect(client.received.map(({ type }) => type)).toEqual(['welcome', 'notify', 'notify', 'notify', 'notify']);
    expect(dataOf(client)).toEqual([3, 4, 5, 6]);
  });
});

describe('a latest-only room', () => {
  it('keeps the newest message of each key, by default of each event', async () => {
    await using test = await start();
    const slow = await connectSlow(test, ['latest-only:x']);
    const send = (event: string, data: number, key?: string) =>
      test.hub.sendToRoom('latest-only:x', { event, data, ...(key !== undefined && { key }) });
    for (const [event, data, key] of [
      ['price', 1, 'EUR'],
      ['price', 2, 'USD'],
      ['price', 3, 'EUR'],
      ['state', 4],
    ] as const)
      await send(event, data, key);
    await send('state', 5);
    await slow.unblock();
    expect(slow.messages.slice(1).map(({ data }) => data)).toEqual([2, 3, 5]);
    expect(Buffer.concat(slow.link.writes).toString()).not.toContain('EUR');
  });

  it("keeps each user's newest coming and going", async () => {
    await using test = await start();
    const slow = await connectSlow(test, ['latest-only:x'], 'watcher');
    for (const userId of ['ann', 'bob', 'ann']) {
      const { connection } = await test.connect({ userId });
      await connection.join('latest-only:x');
      if (userId === 'ann') await connection.leave('latest-only:x');
    }
    await slow.unblock();
    expect(slow.messages.slice(1).map(({ event, data }) => [event, (data as { user_id: string }).user_id])).toEqual([
      ['room_joined', 'bob'],
      ['room_joined', 'ann'],
      ['room_left', 'ann'],
    ]);
  });

  it("keeps each user's newest status", async () => {
    await using test = await start({ outbox: { maxMessages: 3 } });
    test.hub.namespaces.define('status', { backpressure: 'latest-only', presence: true });
    const slow = await connectSlow(test, ['status']);
    for (const userId of ['ann', 'bob']) await (await test.connect({ userId })).connection.join('status');
    await test.clock.advance(1_000);
    await sendMany(test, 'status', 2);
    await slow.unblock();
    expect(slow.messages.slice(1).map(({ data }) => data)).toEqual([
      { user_id: 'ann', status: 'online' },
      { user_id: 'bob', status: 'online' },
      2,
    ]);
  });

  it.each([[''], ['x'.repeat(257)], ['a\nb']])('refuses the key %j to who sends it', async (key) => {
    await using test = await start();
    const sent = test.hub.sendToRoom('latest-only:x', { event: 'x', key });
    await expect(sent).rejects.toMatchObject({
      error: 'WSC_INVALID_NAME',
      message: expect.stringContaining('"key"') as string,
    });
  });
});

describe('the event message.dropped', () => {
  function listen(test: TestHub): HubEvent[] {
    const heard: HubEvent[] = [];
    test.hub.events.on('message.dropped', (event) => void heard.push(event));
    return heard;
  }

  it('is told once a second for each connection and room, with how many', async () => {
    await using test = await start();
    const heard = listen(test);
    const slow = await connectSlow(test, ['drop-newest:x', 'drop-newest:y'], 'ann');
    const other = await connectSlow(test, ['drop-newest:x']);
    await sendMany(test, 'drop-newest:x', 14);
    await sendMany(test, 'drop-newest:y', 3);
    await test.clock.advance(999);
    expect(heard).toEqual([]);
    await test.clock.advance(1);
    const common = { name: 'message.dropped', time: test.clock.now() };
    const data = (count: number) => ({ policy: 'drop-newest', count });
    expect(heard).toEqual([
      { ...common, connectionId: slow.connection.id, userId: 'ann', room: 'drop-newest:x', data: data(10) },
      { ...common, connectionId: slow.connection.id, userId: 'ann', room: 'drop-newest:y', data: data(3) },
      { ...common, connectionId: other.connection.id, room: 'drop-newest:x', data: data(10) },
    ]);
    await sendMany(test, 'drop-newest:x', 1);
    await test.clock.advance(1_000);
    expect(heard.slice(3).map((event) => event.data)).toEqual([data(1), data(1)]);
  });

  it('costs no timer while nobody listens', async () => {
    await using test = await start();
    await connectSlow(test, ['drop-newest:x']);
    const before = test.clock.timerCount;
    await sendMany(test, 'drop-newest:x', 10);
    expect([test.hub.stats().droppedMessages, test.clock.timerCount]).toEqual([6, before]);
  });

  it('tells what is left when the hub closes, and leaves no timer behind', async () => {
    const test = await start();
    const heard = listen(test);
    const slow = await connectSlow(test, ['drop-newest:x']);
    await sendMany(test, 'drop-newest:x', 6);
    await slow.disconnect();
    const closing = test.hub.close();
    await test.settle();
    await closing;
    expect([heard.map(({ data }) => data), test.clock.timerCount]).toEqual([[{ policy: 'drop-newest', count: 2 }], 0]);
  });
});

describe('the backpressure of a namespace', () => {
  it('stays when the namespace is defined again without it, and is close where nothing is said', async () => {
    await using test = await start();
    expect(test.hub.namespaces.define('drop-oldest', { joinable: true }).backpressure).toBe('drop-oldest');
    expect(test.hub.namespaces.define('other', {}).backpressure).toBe('close');
  });

  it('is refused where it is none', async () => {
    await using test = await start();
    const options: object = { backpressure: 'drop-all' };
    expect(() => test.hub.namespaces.define('x', options)).toThrow(
      'Expected `backpressure` of the namespace "x" to be one of close, drop-oldest, drop-newest, latest-only, catch-up, got "drop-all"',
    );
  });
});
