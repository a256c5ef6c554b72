import { GatewayProcess } from './support/gateway-process.js';
import {
  callAsAdmin,
  connectAs,
  endUnharmed,
  expectUnharmed,
  gatewayEnvironment,
  statsOf,
} from './support/gateway-users.js';
import type { WscClient } from './support/wsc-client.js';

// Each start of a gateway takes many seconds on a busy machine.
jest.setTimeout(60_000);

let gateway: GatewayProcess;
let ann: WscClient;
let mallory: WscClient;

beforeAll(async () => {
  gateway = await GatewayProcess.start(gatewayEnvironment);
});

beforeEach(async () => {
  [ann, mallory] = await Promise.all([connectAs(gateway, 'ann'), connectAs(gateway, 'mallory')]);
});

afterEach(async () => {
  await Promise.all([ann.close(), mallory.close()]);
  await expectUnharmed(gateway);
});

afterAll(() => endUnharmed(gateway));

describe('what only the server may say', () => {
  const forged = {
    id: 'forged-id',
    from: 'ann',
    from_name: 'Ann',
    user_id: 'ann',
    to: 'ann',
    offset: 7,
    prev_offset: 0,
    epoch: 'forged',
    timestamp: 1,
    ack: true,
    trace_id: 'forged',
  };

  it.each(['chat.send', 'room_message'])('is ignored in a %s', async (event) => {
    const room = `chat:${event}`;
    await ann.request('join_room', { room });
    await mallory.request('join_room', { room });
    const data = { room, ...(event === 'chat.send' ? { text: 'x' } : { data: { text: 'x' }, ...forged }) };
    mallory.send({ ...forged, type: 'request', event, request_id: 'r', data });
    const answer = await mallory.hear({ request_id: 'r' });
    const message = await ann.hear({ event: 'room_message' });
    expect(message).toMatchObject({ from: 'mallory', room, data: { text: 'x' } });
    expect(message['id']).toBe((answer['data'] as { id: string }).id);
    expect(message['id']).not.toBe(forged.id);
    expect(message['timestamp']).toBeGreaterThan(Date.now() - 60_000);
    // The room's first message, in an epoch of the server's.
    expect(message['offset']).toBe(1);
    expect(message['epoch']).not.toBe(forged.epoch);
    for (const name of ['from_name', 'prev_offset', 'ack', 'user_id', 'to']) expect(message).not.toHaveProperty(name);
    expect(answer['trace_id']).not.toBe(forged.trace_id);
  });

  it('is ignored in a chat and in the dialects', async () => {
    await using gin = await connectAs(gateway, 'gin', { protocols: ['ginforge.v1.json'] });
    gin.send({ type: 'chat', to: 'ann', content: 'x', from: 'ann', from_name: 'Ann', timestamp: 1 });
    expect(await ann.hear({ event: 'chat' })).toMatchObject({ from: 'gin', data: 'x', to: 'ann' });
    await using basic = await connectAs(gateway, 'bas', { protocols: ['basic.v1.json'] });
    basic.send({ type: 'chat', payload: { to: 'ann', data: 'y', from: 'ann' }, from: 'ann' });
    expect(await ann.hear({ event: 'chat' })).toMatchObject({ from: 'bas', data: 'y', to: 'ann' });
    expect(ann.unheard).not.toContainEqual(expect.objectContaining({ from: 'ann' }));
  });

  it('is no event: welcome, goodbye and notify of a client are not passed on', async () => {
    await ann.request('join_room', { room: 'chat:1' });
    await mallory.request('join_room', { room: 'chat:1' });
    for (const event of [
      'notification',
      'broadcast',
      'user_status',
      'data_update',
      'room_closed',
      'welcome',
      'goodbye',
    ])
      expect(await mallory.request(event, { room: 'chat:1', to: 'ann' })).toMatchObject({ error: 'WSC_UNKNOWN_EVENT' });
    await ann.request('echo');
    const known = ['room_joined', 'user_status'];
    expect(ann.unheard.filter((message) => !known.includes((message as { event: string }).event))).toEqual([]);
  });
});

describe('an ack', () => {
  it('of somebody else is ignored and counted, and the addressed user can still give it', async () => {
    const ignoredBefore = (await statsOf(gateway))['ignored_acks'] ?? NaN;
    const sent = callAsAdmin(gateway, '/api/users/ann/messages', {
      body: { event: 'order', data: 1, ack: { timeout_ms: 5_000 } },
    });
    const { id } = await ann.hear({ event: 'order', ack: true });
    mallory.send({ type: 'ack', id });
    mallory.send({ type: 'ack', ids: [id, 'nothing', '__proto__'] });
    // By now they are read.
    await mallory.request('echo');
    expect((await statsOf(gateway))['ignored_acks']).toBe(ignoredBefore + 4);
    ann.send({ type: 'ack', id });
    expect(await sent).toMatchObject({ status: 200, body: { status: 'acked', id, attempts: 1 } });
  });

  it('of somebody else alone leaves the outcome unknown', async () => {
    const sent = callAsAdmin(gateway, '/api/users/ann/messages', {
      body: { event: 'order', data: 1, ack: { timeout_ms: 2_000 } },
    });
    const { id } = await ann.hear({ event: 'order' });
    mallory.send({ type: 'ack', id });
    expect(await sent).toMatchObject({ status: 200, body: { status: 'unknown', id } });
    ann.send({ type: 'ack', id });
    ann.send({ type: 'ack', id });
    expect(await ann.request('echo', 'late acks are no fault')).toMatchObject({ type: 'response' });
  });
});

describe('a room without the right to it', () => {
  const withoutTrace = ({ trace_id: _, timestamp: __, request_id: ___, ...rest }: Readonly<Record<string, unknown>>) =>
    rest;

  it.each(['join_room', 'subscribe', 'room_message', 'presence', 'history', 'chat.send'])(
    'gets the same answer to %s, existing or not',
    async (event) => {
      const path = '/api/rooms/secret:exists';
      expect(await callAsAdmin(gateway, path, { method: 'PUT', body: {} })).toMatchObject({ status: 200 });
      // chat.send takes a text, the built-in events take data.
      const content = event === 'chat.send' ? { text: 'x' } : { data: 1 };
      const ask = async (room: string) => withoutTrace(await mallory.request(event, { room, ...content }));
      const answer = await ask('secret:exists');
      expect(answer).toMatchObject({ error: 'WSC_FORBIDDEN' });
      expect(answer).toEqual(await ask('secret:missing'));
      await callAsAdmin(gateway, path, { method: 'DELETE' });
    },
  );

  it('can be neither heard nor written to by who is not a member', async () => {
    await ann.request('join_room', { room: 'chat:ours' });
    for (const event of ['room_message', 'chat.send', 'presence', 'history'])
      expect(await mallory.request(event, { room: 'chat:ours', text: 'x' })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    await mallory.request('subscribe', { room: 'chat:ours' });
    expect(await mallory.request('room_message', { room: 'chat:ours', data: 1 })).toMatchObject({
      error: 'WSC_FORBIDDEN',
    });
    expect(ann.unheard.filter((message) => JSON.stringify(message).includes('room_message'))).toEqual([]);
  });
});

describe('a request that a handler refuses', () => {
  it.each([
    ['an unknown event', 'nothing.here', {}, 'WSC_UNKNOWN_EVENT'],
    ['data of other fields', 'chat.send', { room: 'chat:1', text: 'x', html: '<b>' }, 'WSC_VALIDATION_FAILED'],
    ['data of other types', 'slow', { ms: '1' }, 'WSC_VALIDATION_FAILED'],
    ['data out of bounds', 'slow', { ms: 5_001 }, 'WSC_VALIDATION_FAILED'],
    ['a token of somebody else’s making', 'refresh_token', { token: 'a.b.c' }, 'WSC_UNAUTHORIZED'],
    ['a token of 100 KB', 'refresh_token', { token: 'x'.repeat(100_000) }, 'WSC_UNAUTHORIZED'],
  ])('for %s hears why, by name', async (...[, event, data, error]) => {
    const answer = await mallory.request(event, data);
    expect(answer).toMatchObject({ type: 'error', error, message: expect.any(String) });
    const [field] = Object.keys(data).slice(-1);
    if (error === 'WSC_VALIDATION_FAILED') expect(Object.keys(answer['details'] ?? {})).toEqual([field]);
    expect(JSON.stringify(answer)).not.toMatch(/node_modules|dist\//);
  });
});
