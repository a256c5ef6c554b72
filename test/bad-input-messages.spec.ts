import { callApi } from './support/gateway-api.js';
import { GatewayProcess } from './support/gateway-process.js';
import {
  callAsAdmin,
  connectAs,
  endUnharmed,
  expectUnharmed,
  gatewayEnvironment,
  statsOf,
  webSocketUrl,
} from './support/gateway-users.js';
import { bearer } from './support/jwt.js';
import { WscClient } from './support/wsc-client.js';

const request = (fields: object) => JSON.stringify({ type: 'request', event: 'echo', request_id: 'bad', ...fields });
const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);
const keys = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0]));
const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'prototype'];

let gateway: GatewayProcess;

beforeAll(async () => {
  gateway = await GatewayProcess.start(gatewayEnvironment);
});

afterEach(() => expectUnharmed(gateway));

afterAll(() => endUnharmed(gateway));

describe('a message that is no envelope', () => {
  it.each([
    ['nothing', ''],
    ['no JSON', 'hello'],
    ['half of one', '{"type":"request"'],
    ['two', '{"type":"ping"}{"type":"ping"}'],
    ['null', 'null'],
    ['a list', '[]'],
    ['a number', '1'],
    ['a string', '""'],
    ['true', 'true'],
    ['behind a byte order mark', '\ufeff{"type":"ping"}'],
    ['without an event', '{}'],
    ['with an object as event', '{"event":{}}'],
    ['with a list as event', request({ event: ['echo'] })],
    ['with a number as event', request({ event: 1 })],
    ['of an unknown type', '{"type":"publish","event":"echo"}'],
    ['of a type that is inherited', '{"type":"constructor"}'],
    ['of a type that is none', '{"type":{"toString":"request"}}'],
    ['a request without an id', '{"type":"request","event":"echo"}'],
    ['a request whose id is too long', request({ request_id: 'x'.repeat(65) })],
    ['a request whose id is a list', request({ request_id: ['r'] })],
    ['with an idempotency id of another kind', request({ id: 7 })],
    ['an ack of nothing', '{"type":"ack","ids":[]}'],
    ['an ack of too many', JSON.stringify({ type: 'ack', ids: Array.from({ length: 101 }, (_, index) => `${index}`) })],
    ['an ack of other things', '{"type":"ack","ids":[{},null]}'],
    ['deeper than 32', `{"type":"request","event":"echo","request_id":"bad","data":${nested(32)}}`],
    ['as deep as it can be', `{"type":"request","event":"echo","request_id":"bad","data":${nested(250_000)}}`],
    ['with more than 1,000 keys', request({ data: keys(997) })],
    ['with a number that is none', '{"type":"request","event":"echo","request_id":"bad","data":1e999}'],
    ['with NaN', '{"type":"request","event":"echo","request_id":"bad","data":NaN}'],
  ])('(%s) is refused, and the connection goes on', async (_, text) => {
    await using client = await connectAs(gateway, 'mallory');
    client.send(text);
    const error = await client.hear({ type: 'error' });
    expect(error).toMatchObject({ error: 'WSC_INVALID_ENVELOPE', code: 400, trace_id: expect.any(String) });
    expect(JSON.stringify(error)).not.toMatch(/Unexpected token|JSON\.parse|\bat \//);
    expect(await client.request('echo', 1)).toMatchObject({ type: 'response', data: 1 });
  });

  it('is refused in a dialect too, in its words', async () => {
    await using ginforge = await connectAs(gateway, 'gin', { protocols: ['ginforge.v1.json'] });
    await using basic = await connectAs(gateway, 'bas', { protocols: ['basic.v1.json'] });
    for (const text of ['[]', '{"event":"echo"}', '{"type":{}}']) {
      ginforge.send(text);
      basic.send(text);
      expect(await ginforge.hear({ type: 'error' })).toMatchObject({ content: { error: 'WSC_INVALID_ENVELOPE' } });
      expect(await basic.hear({ type: 'error' })).toMatchObject({ payload: { error: 'WSC_INVALID_ENVELOPE' } });
    }
  });

  it('closes the connection with 4502 when it is the tenth in a minute, and not the ninth', async () => {
    await using client = await connectAs(gateway, 'mallory');
    const invalidBefore = (await statsOf(gateway))['invalid_messages'] ?? NaN;
    for (let count = 0; count < 9; count += 1) client.send('{');
    expect(await client.request('echo', 'after nine')).toMatchObject({ data: 'after nine' });
    client.send('{');
    expect(await client.closed).toEqual({ code: 4502, reason: 'too many errors' });
    expect(client.unheard).toHaveLength(10);
    expect((await statsOf(gateway))['invalid_messages']).toBe(invalidBefore + 10);
  });
});

describe('a name that JavaScript has a use for', () => {
  it.each(names)('%s is no event', async (event) => {
    await using client = await connectAs(gateway, 'mallory');
    expect(await client.request(event)).toMatchObject({ error: 'WSC_UNKNOWN_EVENT' });
    client.send({ event });
    expect(await client.hear({ event: 'exception' })).toMatchObject({ data: { error: 'WSC_UNKNOWN_EVENT' } });
  });

  it.each(names)('%s is a user, a device and a room like any other', async (name) => {
    const path = `${webSocketUrl(gateway)}?device_id=${name}`;
    await using client = await WscClient.open(path, { headers: await bearer(name) });
    expect(await client.hear({ type: 'welcome' })).toMatchObject({ data: { user_id: name, device_id: name } });
    expect(await client.request('join_room', { room: name })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    expect(await client.request('join_room', { room: `${name}:1` })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    const room = `chat:${name}`;
    expect(await client.request('join_room', { room })).toMatchObject({ data: { room, members: 1 } });
    expect(await client.request('presence', { room })).toMatchObject({
      data: { users: [{ user_id: name, devices: 1 }], count: 1 },
    });
    expect(
      await callAsAdmin(gateway, `/api/users/${name}/messages`, { body: { event: name, data: name } }),
    ).toMatchObject({
      status: 202,
      body: { queued: 1 },
    });
    expect(await client.hear({ type: 'notify', event: name })).toMatchObject({ data: name });
    expect(await callAsAdmin(gateway, `/api/online/${name}`)).toMatchObject({ body: { online: true } });
  });

  it.each(names)('%s is an ordinary key, and changes nothing but what it stands in', async (key) => {
    await using client = await connectAs(gateway, 'mallory');
    const poison = `{"${key}":{"echo":true,"room":"chat:poisoned","text":"poisoned","joinable":true}}`;
    const send = (event: string, data: string, requestId: string) =>
      client.send(
        `{"type":"request","event":"${event}","request_id":"${requestId}","data":${data},"${key}":{"from":"eve"}}`,
      );
    send('echo', poison, 'echo');
    const echoed = (await client.hear({ request_id: 'echo' }))['data'] as object;
    expect(Object.keys(echoed)).toEqual([key]);
    send('chat.send', poison, 'chat');
    expect(await client.hear({ request_id: 'chat' })).toMatchObject({ error: 'WSC_VALIDATION_FAILED' });
    send('join_room', poison, 'join');
    expect(await client.hear({ request_id: 'join' })).toMatchObject({ error: 'WSC_INVALID_NAME' });
    send('slow', `{"ms":0,"${key}":{"ms":5000}}`, 'slow');
    expect(await client.hear({ request_id: 'slow' })).toMatchObject({ data: { waited_ms: 0 } });
    expect(await client.request('join_room', { room: 'secret:1' })).toMatchObject({ error: 'WSC_FORBIDDEN' });

    // Were `echo` inherited by every object now, the sender would hear itself.
    await client.request('join_room', { room: 'chat:1' });
    await client.request('room_message', { room: 'chat:1', data: 'hello' });
    await client.request('echo');
    expect(client.unheard).not.toContainEqual(expect.objectContaining({ event: 'room_message' }));
  });
});

describe('a name that is none', () => {
  const bad = [
    '',
    ' ',
    'a b',
    'ü',
    'a\n',
    'chat:1\u0000',
    'a/b',
    '*',
    'x'.repeat(129),
    ['chat:1'],
    { room: 'chat:1' },
    7,
    null,
    true,
  ];

  it.each(bad)('%j is refused as a room wherever a room is named', async (room) => {
    await using client = await connectAs(gateway, 'mallory');
    for (const event of ['join_room', 'leave_room', 'subscribe', 'unsubscribe', 'room_message', 'presence', 'history'])
      expect(await client.request(event, { room, data: 1 })).toMatchObject({ error: 'WSC_INVALID_NAME' });
    expect(await client.request('chat.send', { room, text: 'x' })).toMatchObject({ error: 'WSC_VALIDATION_FAILED' });
  });

  it.each(bad.filter((name) => typeof name === 'string'))('%j is refused as an event', async (event) => {
    await using client = await connectAs(gateway, 'mallory');
    expect(await client.request(event)).toMatchObject({ type: 'error', error: 'WSC_INVALID_NAME' });
    client.send({ type: 'notify', event });
    expect(await client.hear({ type: 'error' })).toMatchObject({ error: 'WSC_INVALID_NAME' });
    expect(await callAsAdmin(gateway, '/api/broadcast', { body: { event, data: 1 } })).toMatchObject({ status: 422 });
  });

  it.each(['', ' ', 'a b', 'a\n', 'x'.repeat(129), ['ann'], { user: 'ann' }, 7, null])(
    '%j is refused as a user',
    async (user) => {
      await using client = await connectAs(gateway, 'mallory');
      expect(await client.request('chat', { to: user, data: 1 })).toMatchObject({ error: 'WSC_INVALID_NAME' });
      expect(await callApi(gateway.url, '/auth/login', { body: { user_id: user } })).toMatchObject({ status: 422 });
    },
  );

  it.each([[undefined], [null], [[]], ['text'], [7]])('is all that data of %j has', async (data) => {
    await using client = await connectAs(gateway, 'mallory');
    for (const event of [
      'join_room',
      'room_message',
      'chat',
      'presence',
      'refresh_token',
      'resume',
      'chat.send',
      'slow',
    ])
      expect(await client.request(event, data)).toMatchObject({
        type: 'error',
        error: expect.stringMatching(/^WSC_(VALIDATION_FAILED|INVALID_NAME)$/),
      });
  });
});
