import { ask, heardBy, startHistoryHub } from './history.fixture.js';

describe('a room with history', () => {
  it('answers a send once it is stored, with its place, and members hear that place', async () => {
    await using chat = await startHistoryHub();
    const { test, send } = chat;
    const client = await test.connect();
    const joined = await ask(client, 'join_room', { room: 'chat:1' });
    expect(joined).toEqual({ room: 'chat:1', members: 1, offset: 0, epoch: expect.any(String) });
    const first = await send('a');
    expect(first).toMatchObject({ queued: 1, dropped: 0, offset: 1, epoch: (joined as { epoch: string }).epoch });
    await send('b');
    await test.settle();
    expect(heardBy(client)).toEqual([
      ['a', 1],
      ['b', 2],
    ]);
  });

  it('is stored where nobody is in it, and who joins later starts there', async () => {
    await using chat = await startHistoryHub();
    const { test, send } = chat;
    expect(await send('a')).toMatchObject({ queued: 0, offset: 1 });
    const client = await test.connect();
    expect(await ask(client, 'join_room', { room: 'chat:1' })).toMatchObject({ offset: 1 });
    await send('b');
    await test.settle();
    expect(heardBy(client)).toEqual([['b', 2]]);
  });

  it('gives a sender its own place with its answer, and skips it on the wire', async () => {
    await using chat = await startHistoryHub();
    const { test, send } = chat;
    const [ann, bob] = [await test.connect({ userId: 'ann' }), await test.connect({ userId: 'bob' })];
    for (const client of [ann, bob]) await ask(client, 'join_room', { room: 'chat:1' });
    for (const data of ['a', 'b']) {
      const answer = await ask(ann, 'room_message', { room: 'chat:1', data });
      expect(answer).toEqual({ id: expect.any(String), offset: data === 'a' ? 1 : 2, epoch: expect.any(String) });
    }
    await send('c');
    await send('d');
    await test.settle();
    expect(heardBy(ann)).toEqual([
      ['c', 3, 0],
      ['d', 4],
    ]);
    expect(heardBy(bob)).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
      ['d', 4],
    ]);
  });

  it('stores a message with the same id once, and a stale version not at all', async () => {
    await using chat = await startHistoryHub();
    const { test, hub } = chat;
    const client = await test.connect();
    await ask(client, 'join_room', { room: 'chat:1' });
    const message = { event: 'said', data: 1, id: 'once' };
    const first = await hub.sendToRoom('chat:1', message);
    expect(await hub.sendToRoom('chat:1', message)).toMatchObject({ id: 'once', offset: first.offset, isRepeat: true });
    const update = { event: 'price', key: 'EUR', data: 2 };
    expect(await hub.sendToRoom('chat:1', update, { version: 7 })).toMatchObject({ offset: 2 });
    expect(await hub.sendToRoom('chat:1', update, { version: 7 })).toMatchObject({ offset: 2, isStale: true });
    await expect(hub.sendToRoom('chat:1', update, { version: -1 })).rejects.toMatchObject({
      error: 'WSC_VALIDATION_FAILED',
    });
    await test.settle();
    expect(heardBy(client)).toEqual([
      [1, 1],
      [2, 2],
    ]);
  });

  it('stores what a client sends again to another node once', async () => {
    await using here = await startHistoryHub();
    await using there = await startHistoryHub(true, { streams: here.streams });
    const envelope = { type: 'request', event: 'room_message', id: 'x1', data: { room: 'chat:1', data: 'hi' } };
    for (const [requestId, { test }] of [here, there].entries()) {
      const ann = await test.connect({ userId: 'ann', deviceId: 'phone' });
      await ask(ann, 'join_room', { room: 'chat:1' });
      await ann.send({ ...envelope, request_id: String(requestId) });
      expect(ann.received.at(-1)).toMatchObject({ data: { offset: 1 } });
    }
  });

  it('does not store its own news of who comes and goes', async () => {
    await using chat = await startHistoryHub();
    const { test, hub, send } = chat;
    hub.namespaces.define('chat', { announceMembers: true, presence: true });
    const ann = await test.connect({ userId: 'ann' });
    await ask(ann, 'join_room', { room: 'chat:1' });
    const bob = await test.connect({ userId: 'bob' });
    await ask(bob, 'join_room', { room: 'chat:1' });
    expect(ann.messages.at(-1)).toMatchObject({ event: 'room_joined', data: { user_id: 'bob' } });
    expect(ann.messages.at(-1)?.offset).toBeUndefined();
    expect(await send('a')).toMatchObject({ offset: 1 });
  });

  it('reads a message that the broker lost from the store when the next one comes, in order', async () => {
    await using chat = await startHistoryHub();
    const { test, broker, send, writeElsewhere } = chat;
    const client = await test.connect();
    await ask(client, 'join_room', { room: 'chat:1' });
    await send('a');
    broker.isLossy = true;
    writeElsewhere('b');
    broker.isLossy = false;
    await send('c');
    await test.settle();
    expect(heardBy(client)).toEqual([
      ['a', 1],
      ['b', 2],
      ['c', 3],
    ]);
  });

  it('finds a message that the broker lost in a quiet room within 10 s', async () => {
    await using chat = await startHistoryHub();
    const { test, broker, writeElsewhere } = chat;
    const client = await test.connect();
    await ask(client, 'join_room', { room: 'chat:1' });
    broker.isLossy = true;
    writeElsewhere('lost');
    await test.clock.advance(10_000);
    expect(heardBy(client)).toEqual([['lost', 1]]);
  });

  it('closes with 4010 who would take what follows a loss of the store for all of it', async () => {
    await using chat = await startHistoryHub();
    const { test, streams, send } = chat;
    const client = await test.connect();
    await ask(client, 'join_room', { room: 'chat:1' });
    await send('a');
    streams.delete('chat:1');
    await test.clock.advance(10_000);
    expect(client.closedWith).toMatchObject({ code: 4010 });
    const next = await test.connect();
    expect(await ask(next, 'join_room', { room: 'chat:1' })).toMatchObject({ offset: 0 });
  });

  it('has another epoch once it was deleted', async () => {
    await using chat = await startHistoryHub();
    const { test, hub, send } = chat;
    const { epoch } = await send('a');
    const client = await test.connect();
    await ask(client, 'join_room', { room: 'chat:1' });
    expect(await hub.deleteRoom('chat:1')).toBe(1);
    const joined = await ask(client, 'join_room', { room: 'chat:1', recover: { offset: 1, epoch } });
    expect(joined).toMatchObject({ recovered: false, reason: 'epoch', offset: 0 });
  });

  it('gives who joins its newest message, where only the latest value counts', async () => {
    await using chat = await startHistoryHub({ latestValue: true });
    const { test, send } = chat;
    const early = await test.connect();
    expect(await ask(early, 'join_room', { room: 'chat:1' })).toMatchObject({ offset: 0 });
    await send('old');
    await send('new');
    const late = await test.connect();
    expect(await ask(late, 'join_room', { room: 'chat:1' })).toMatchObject({ offset: 1 });
    await test.settle();
    expect(heardBy(late)).toEqual([['new', 2]]);
    await send('newer');
    await test.settle();
    expect(heardBy(late)).toEqual([
      ['new', 2],
      ['newer', 3],
    ]);
  });

  it('does not take a policy that would leave holes, nor one that needs it where it is not', async () => {
    await using chat = await startHistoryHub();
    const { hub } = chat;
    expect(() => hub.namespaces.define('a', { history: true, backpressure: 'drop-oldest' })).toThrow(/close.*catch-up/);
    expect(() => hub.namespaces.define('b', { backpressure: 'catch-up' })).toThrow(/needs `history`/);
    expect(() => hub.namespaces.define('c', { history: { maxMessages: 0 } })).toThrow(/history.maxMessages/);
  });
});
