import type { StreamPosition } from '../ports/streams.js';
import { ask, heardBy, startHistoryHub } from './history.fixture.js';

/** A room with five messages, and the place that a client had after the second. */
async function startWithPast(history: Parameters<typeof startHistoryHub>[0] = true) {
  const parts = await startHistoryHub(history);
  const results = [];
  for (const data of ['a', 'b', 'c', 'd', 'e']) results.push(await parts.send(data));
  const { epoch = '' } = results[0] ?? {};
  const at = (offset: number): StreamPosition => ({ offset, epoch });
  return { ...parts, at };
}

describe('recovery', () => {
  it('gives everything since the position behind the answer, then what comes', async () => {
    await using chat = await startWithPast();
    const { test, at, send } = chat;
    const client = await test.connect();
    const answer = await ask(client, 'join_room', { room: 'chat:1', recover: at(2) });
    expect(answer).toEqual({ room: 'chat:1', members: 1, ...at(2), recovered: true, from: 2, to: 5 });
    expect(test.hub.stats()).toMatchObject({ recoveries: 1, failedRecoveries: 0 });
    await send('f');
    await test.settle();
    expect(client.received.map(({ type }) => type)).toEqual([
      'welcome',
      'response',
      ...Array<string>(4).fill('notify'),
    ]);
    expect(heardBy(client)).toEqual([
      ['c', 3],
      ['d', 4],
      ['e', 5],
      ['f', 6],
    ]);
  });

  it('gives nothing where nothing was missed', async () => {
    await using chat = await startWithPast();
    const { test, at } = chat;
    const client = await test.connect();
    expect(await ask(client, 'join_room', { room: 'chat:1', recover: at(5) })).toMatchObject({
      recovered: true,
      from: 5,
      to: 5,
    });
    expect(heardBy(client)).toEqual([]);
  });

  it.each([
    ['epoch', { offset: 2, epoch: 'another' }],
    ['epoch', 'ahead'],
    ['trimmed', 'early'],
  ] as const)('says %s and gives nothing where it can not give all', async (reason, since) => {
    await using chat = await startWithPast({ maxMessages: 3 });
    const { test, at, send } = chat;
    const client = await test.connect();
    const recover = since === 'ahead' ? at(6) : since === 'early' ? at(1) : since;
    const answer = await ask(client, 'join_room', { room: 'chat:1', recover });
    expect(answer).toEqual({ room: 'chat:1', members: 1, ...at(5), recovered: false, reason });
    expect(test.hub.stats()).toMatchObject({ recoveries: 0, failedRecoveries: 1 });
    await send('f');
    await test.settle();
    expect(heardBy(client)).toEqual([['f', 6]]);
  });

  it('brings a client that sees a gap up without leaving the room', async () => {
    await using chat = await startWithPast();
    const { test, at, send } = chat;
    const client = await test.connect({ userId: 'ann' });
    await ask(client, 'join_room', { room: 'chat:1' });
    await send('f');
    const answer = await ask(client, 'join_room', { room: 'chat:1', recover: at(4) });
    expect(answer).toMatchObject({ recovered: true, from: 4, to: 6, members: 1 });
    await send('g');
    await test.settle();
    expect(heardBy(client)).toEqual([
      ['f', 6],
      ['e', 5],
      ['f', 6],
      ['g', 7],
    ]);
  });

  it('does not give a client its own messages again', async () => {
    await using chat = await startWithPast();
    const { test, at, send } = chat;
    const client = await test.connect({ userId: 'ann' });
    await ask(client, 'join_room', { room: 'chat:1' });
    await ask(client, 'room_message', { room: 'chat:1', data: 'own' });
    await send('g');
    await test.settle();
    await ask(client, 'join_room', { room: 'chat:1', recover: at(5) });
    await send('h');
    await test.settle();
    expect(heardBy(client)).toEqual([
      ['g', 7, 5],
      ['g', 7, 5],
      ['h', 8],
    ]);
  });

  it('puts nobody into a room whose history can not be read, and tells who asks', async () => {
    await using chat = await startWithPast();
    const { test, at, streams, send } = chat;
    const client = await test.connect({ userId: 'ann' });
    streams.isBroken = true;
    expect(await ask(client, 'join_room', { room: 'chat:1' })).toBe('WSC_UNAVAILABLE');
    expect(client.connection.rooms).toEqual([]);
    await expect(send('f')).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    streams.isBroken = false;
    expect(await ask(client, 'join_room', { room: 'chat:1', recover: at(5) })).toMatchObject({ recovered: true });
    streams.isBroken = true;
    expect(await ask(client, 'join_room', { room: 'chat:1', recover: at(3) })).toBe('WSC_UNAVAILABLE');
    streams.isBroken = false;
    await test.clock.advance(1_000);
    expect(heardBy(client)).toEqual([
      ['d', 4],
      ['e', 5],
    ]);
  });

  it('refuses what is no position, and says where there is no history', async () => {
    await using chat = await startHistoryHub();
    const { test, hub } = chat;
    hub.namespaces.define('live', { joinable: true });
    const client = await test.connect();
    for (const recover of [1, {}, { offset: -1, epoch: 'e' }, { offset: 1 }, { offset: 1, epoch: 'e'.repeat(65) }]) {
      expect(await ask(client, 'join_room', { room: 'chat:1', recover })).toBe('WSC_VALIDATION_FAILED');
    }
    const answer = await ask(client, 'join_room', { room: 'live', recover: { offset: 1, epoch: 'e' } });
    expect(answer).toEqual({ room: 'live', members: 1, recovered: false, reason: 'disabled' });
  });

  it('goes on for who joined in the connect callback, behind welcome', async () => {
    await using chat = await startHistoryHub();
    const { test, hub, send } = chat;
    hub.hooks.onConnect(async (connection) => {
      await connection.join('chat:1');
      await send('early');
    });
    const client = await test.connect();
    await send('late');
    await test.settle();
    expect(client.received.map(({ type }) => type)).toEqual(['welcome', 'notify', 'notify']);
    expect(heardBy(client)).toEqual([
      ['early', 1],
      ['late', 2],
    ]);
  });
});

describe('history', () => {
  it('is read in pages, from the start or from a position', async () => {
    await using chat = await startWithPast();
    const { test, at } = chat;
    const client = await test.connect();
    await ask(client, 'join_room', { room: 'chat:1' });
    const page = await ask(client, 'history', { room: 'chat:1', limit: 2 });
    expect(page).toMatchObject({
      messages: [
        { event: 'said', data: 'a', room: 'chat:1', ...at(1) },
        { event: 'said', data: 'b', ...at(2) },
      ],
      ...at(5),
      complete: false,
    });
    const rest = await ask(client, 'history', { room: 'chat:1', since: at(2) });
    expect(rest).toMatchObject({ messages: [{ data: 'c' }, { data: 'd' }, { data: 'e' }], complete: true });
    expect(await ask(client, 'history', { room: 'chat:1', since: at(5) })).toMatchObject({
      messages: [],
      complete: true,
    });
    expect(await ask(client, 'history', { room: 'chat:1', since: { offset: 1, epoch: 'x' } })).toMatchObject({
      messages: [],
      complete: false,
      reason: 'epoch',
    });
    expect(await ask(client, 'history', { room: 'chat:1', limit: 0 })).toBe('WSC_VALIDATION_FAILED');
  });

  it('is for members, and says where there is none', async () => {
    await using chat = await startHistoryHub();
    const { test, hub } = chat;
    hub.namespaces.define('live', { joinable: true });
    const client = await test.connect();
    expect(await ask(client, 'history', { room: 'chat:1' })).toBe('WSC_FORBIDDEN');
    await ask(client, 'join_room', { room: 'live' });
    expect(await ask(client, 'history', { room: 'live' })).toEqual({
      messages: [],
      complete: false,
      reason: 'disabled',
    });
  });
});
