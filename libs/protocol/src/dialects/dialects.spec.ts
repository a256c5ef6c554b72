import * as fc from 'fast-check';
import {
  basicCodec,
  DecodeError,
  defaultDecodeLimits,
  ginforgeCodec,
  jsonCodec,
  serverCodecs,
  type ClientEnvelope,
  type ResponseEnvelope,
  type ServerEnvelope,
} from '../index.js';

type Wire = Readonly<Record<string, unknown>>;
type Dialect = typeof ginforgeCodec | typeof basicCodec;

const decode = (codec: Dialect, wire: Wire): ClientEnvelope => codec.decode(JSON.stringify(wire), defaultDecodeLimits);
const encode = (codec: Dialect, envelope: ServerEnvelope): unknown => JSON.parse(codec.encode(envelope));

const request = (event: string, data: unknown, requestId?: string): ClientEnvelope => ({
  type: 'request',
  form: 'wsc',
  event,
  data,
  ...(requestId !== undefined && { requestId }),
});
const notify = (event: string, data: unknown): ClientEnvelope => ({ type: 'notify', form: 'wsc', event, data });

const stamp = { traceId: 't1', timestamp: 1_700_000_000_000 };
const answerTo = (event: string, data: unknown, requestId?: string): ResponseEnvelope => ({
  type: 'response',
  form: 'wsc',
  event,
  data,
  ...(requestId !== undefined && { requestId }),
  ...stamp,
});

const name = fc
  .stringMatching(/^[A-Za-z0-9_.:-]{1,128}$/)
  .filter(
    (text) =>
      !/^(ping|pong|ack|(join|leave)_room|(un)?subscribe|presence|history|room_message|chat|refresh_token)$/.test(text),
  );
const id = fc.string({ minLength: 1, maxLength: 64 });
const json = fc.jsonValue().map((value): unknown => JSON.parse(JSON.stringify(value)));

describe.each([
  [ginforgeCodec, 'content'],
  [basicCodec, 'payload'],
] as const)('a dialect: $subprotocol', (codec, field) => {
  it('carries any event with any data, asked with an id and told without', () => {
    fc.assert(
      fc.property(name, json, id, (event, data, requestId) => {
        expect(decode(codec, { type: event, id: requestId, [field]: data })).toStrictEqual(
          request(event, data, requestId),
        );
        expect(decode(codec, { type: event, [field]: data })).toStrictEqual(notify(event, data));
      }),
    );
  });

  it('takes an empty or null id for none', () => {
    expect(decode(codec, { type: 'echo', id: '', [field]: 1 })).toStrictEqual(notify('echo', 1));
    expect(decode(codec, { type: 'echo', id: null, [field]: 1 })).toStrictEqual(notify('echo', 1));
  });

  it('writes any message under its event, with what the server stamped', () => {
    fc.assert(
      fc.property(name, json, (event, data) => {
        fc.pre(!isContentAndData(data));
        const message: ServerEnvelope = {
          type: 'notify',
          event,
          id: 'm1',
          data,
          from: 'ann',
          room: 'doc:1',
          offset: 3,
          epoch: 'e',
          ack: true,
          timestamp: 5,
        };
        const wire = encode(codec, message);
        expect(wire).toMatchObject({ type: event, from: 'ann', room: 'doc:1', timestamp: 5 });
        expect(wire).toHaveProperty(field, data);
        // Its clients can't ack and don't recover.
        for (const absent of ['ack', 'offset', 'epoch']) expect(wire).not.toHaveProperty(absent);
      }),
    );
  });

  it('maps liveness, and acks too, though nothing waits for them', () => {
    expect(decode(codec, { type: 'ping' })).toStrictEqual({ type: 'ping' });
    expect(decode(codec, { type: 'pong', timestamp: 1 })).toStrictEqual({ type: 'pong' });
    expect(decode(codec, { type: 'ack', id: 'm1' })).toStrictEqual({ type: 'ack', ids: ['m1'] });
    expect(encode(codec, { type: 'ping' })).toStrictEqual({ type: 'ping' });
    expect(codec.canAck).toBe(false);
  });

  it.each([
    ['no type', {}, 'WSC_INVALID_ENVELOPE'],
    ["Nest's own form", { event: 'echo', data: 1 }, 'WSC_INVALID_ENVELOPE'],
    ['a type that is an object', { type: {} }, 'WSC_INVALID_ENVELOPE'],
    ['a type that is no name', { type: 'a b' }, 'WSC_INVALID_NAME'],
    ['an id that is a number', { type: 'echo', id: 7 }, 'WSC_INVALID_ENVELOPE'],
    ['an id of 65 characters', { type: 'echo', id: 'x'.repeat(65) }, 'WSC_INVALID_ENVELOPE'],
  ])('refuses %s', (_, wire, error) => {
    expect(() => decode(codec, wire)).toThrow(expect.objectContaining({ error }));
    expect(() => decode(codec, wire)).toThrow(DecodeError);
  });

  it('holds the limits of structure, and says whom to answer', () => {
    const deep = `{"type":"echo","id":"r1","${field}":${'['.repeat(32)}${']'.repeat(32)}}`;
    expect(() => codec.decode(deep, defaultDecodeLimits)).toThrow(
      expect.objectContaining({ error: 'WSC_INVALID_ENVELOPE', event: 'echo', requestId: 'r1' }),
    );
  });
});

function isContentAndData(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'content' in value && 'data' in value;
}

describe('ginforge.v1.json', () => {
  it.each([
    ['the room from content', { type: 'join_room', content: 'chat:1' }, { room: 'chat:1' }],
    ['the room from room', { type: 'join_room', room: 'chat:1' }, { room: 'chat:1' }],
    ['the room from an object', { type: 'join_room', content: { room: 'chat:1' } }, { room: 'chat:1' }],
    ['room before content', { type: 'join_room', room: 'chat:1', content: 'hello' }, { room: 'chat:1' }],
    [
      'room and an option',
      { type: 'join_room', room: 'chat:1', content: { recover: {} } },
      { room: 'chat:1', recover: {} },
    ],
    ['no room at all', { type: 'leave_room' }, { room: undefined }],
  ])('takes %s, and asks even without an id', (_, wire, data) => {
    expect(decode(ginforgeCodec, wire)).toStrictEqual(request(wire.type, data));
  });

  it.each([
    [
      { type: 'room_message', room: 'chat:1', content: 'hi' },
      { room: 'chat:1', data: 'hi' },
    ],
    [
      { type: 'room_message', content: { room: 'chat:1', data: 'hi' } },
      { room: 'chat:1', data: 'hi' },
    ],
    [
      { type: 'chat', to: 'bob', content: 'hi' },
      { to: 'bob', data: 'hi' },
    ],
    [
      { type: 'chat', to: 'bob', content: 'hi', data: { x: 1 } },
      { to: 'bob', data: { content: 'hi', data: { x: 1 } } },
    ],
    [{ type: 'refresh_token', content: 'a.b.c' }, { token: 'a.b.c' }],
    [{ type: 'echo', data: { x: 1 } }, { x: 1 }],
    [{ type: 'echo', content: '', data: { x: 1 } }, { x: 1 }],
    [{ type: 'echo', content: 'hi', room: 'chat:1', from: 'admin', from_name: 'Admin', timestamp: 1 }, 'hi'],
  ])('maps %j', (wire, data) => {
    expect(decode(ginforgeCodec, wire)).toStrictEqual(notify(wire.type, data));
  });

  it('answers a request by its id, and a join or leave by the type that tells of it', () => {
    const times = { trace_id: stamp.traceId, timestamp: stamp.timestamp };
    expect(encode(ginforgeCodec, answerTo('echo', { a: 1 }, 'r1'))).toStrictEqual({
      type: 'echo',
      id: 'r1',
      content: { a: 1 },
      ...times,
    });
    const joined = { room: 'chat:1', members: 2 };
    expect(encode(ginforgeCodec, answerTo('join_room', joined))).toStrictEqual({
      type: 'room_joined',
      room: 'chat:1',
      content: joined,
      ...times,
    });
    expect(encode(ginforgeCodec, answerTo('leave_room', { room: 'chat:1' }, 'r2'))).toMatchObject({
      type: 'room_left',
      id: 'r2',
    });
    expect(encode(ginforgeCodec, { ...answerTo('count', 1, 'r3'), more: true })).toMatchObject({
      id: 'r3',
      more: true,
    });
  });

  it('gives content and data back as they came', () => {
    const message = {
      type: 'notify',
      event: 'chat',
      id: 'm1',
      data: { content: 'hi', data: { x: 1 } },
      to: 'bob',
      fromName: 'Ann',
      timestamp: 5,
    } as const;
    expect(encode(ginforgeCodec, message)).toStrictEqual({
      type: 'chat',
      id: 'm1',
      from_name: 'Ann',
      to: 'bob',
      content: 'hi',
      data: { x: 1 },
      timestamp: 5,
    });
  });

  it('leaves data that has more than content and data as it is', () => {
    const data = { content: 'hi', data: { x: 1 }, more: true };
    const message = { type: 'notify', event: 'chat', id: 'm1', data, timestamp: 5 } as const;
    expect(encode(ginforgeCodec, message)).toStrictEqual({ type: 'chat', id: 'm1', content: data, timestamp: 5 });
  });
});

describe('basic.v1.json', () => {
  it.each([
    ['subscribe', 'doc:1'],
    ['subscribe', { room: 'doc:1' }],
    ['unsubscribe', 'doc:1'],
  ])('takes %s with %j, and asks even without an id', (type, payload) => {
    expect(decode(basicCodec, { type, payload })).toStrictEqual(request(type, { room: 'doc:1' }));
    expect(encode(basicCodec, answerTo(type, { room: 'doc:1' }))).toStrictEqual({
      type: `${type}d`,
      payload: { room: 'doc:1' },
    });
  });

  it('uses an id for answers only', () => {
    expect(encode(basicCodec, answerTo('echo', 1, 'r1'))).toStrictEqual({ type: 'echo', id: 'r1', payload: 1 });
    const message = { type: 'notify', event: 'chat', id: 'm1', data: 1, timestamp: 5 } as const;
    expect(encode(basicCodec, message)).toStrictEqual({ type: 'chat', payload: 1, timestamp: 5 });
  });
});

describe('control envelopes', () => {
  const welcome = {
    protocol: 'x',
    connectionId: 'c',
    deviceId: 'd',
    nodeId: 'n',
    session: 's',
    pingIntervalMs: 1,
    maxMessageBytes: 2,
    serverTime: 3,
  };
  const error = {
    type: 'error',
    form: 'wsc',
    requestId: 'r1',
    code: 429,
    error: 'WSC_LIMIT_EXCEEDED',
    message: 'm',
    retryAfterMs: 50,
    ...stamp,
  } as const;

  it("stand in the dialect's own field", () => {
    const wire = {
      protocol: 'x',
      connection_id: 'c',
      device_id: 'd',
      node_id: 'n',
      session: 's',
      ping_interval_ms: 1,
      max_message_bytes: 2,
      server_time: 3,
    };
    expect(encode(ginforgeCodec, { type: 'welcome', data: welcome })).toStrictEqual({
      type: 'welcome',
      content: wire,
      timestamp: 3,
    });
    expect(encode(basicCodec, { type: 'welcome', data: welcome })).toStrictEqual({ type: 'welcome', payload: wire });
    const told = { code: 1012, reason: 'service restart', reconnect: true };
    const goodbye = { type: 'goodbye', data: { ...told, reconnectInMs: 70 } } as const;
    expect(encode(ginforgeCodec, goodbye)).toStrictEqual({
      type: 'goodbye',
      content: { ...told, reconnect_in_ms: 70 },
    });
    expect(encode(basicCodec, goodbye)).toStrictEqual({ type: 'goodbye', payload: { ...told, reconnect_in_ms: 70 } });
    expect(encode(ginforgeCodec, { type: 'pong', timestamp: 9 })).toStrictEqual({ type: 'pong', timestamp: 9 });
    expect(encode(basicCodec, { type: 'pong', timestamp: 9 })).toStrictEqual({
      type: 'pong',
      payload: { timestamp: 9 },
    });
  });

  it("tell of errors under the request's id", () => {
    const said = { code: 429, error: 'WSC_LIMIT_EXCEEDED', message: 'm', retry_after_ms: 50 };
    expect(encode(ginforgeCodec, error)).toStrictEqual({
      type: 'error',
      id: 'r1',
      content: said,
      trace_id: 't1',
      timestamp: stamp.timestamp,
    });
    expect(encode(basicCodec, error)).toStrictEqual({ type: 'error', id: 'r1', payload: { ...said, trace_id: 't1' } });
  });
});

describe('the codecs of a server', () => {
  it('are found by their subprotocol', () => {
    expect([...serverCodecs]).toStrictEqual([
      ['wsc.v1.json', jsonCodec],
      ['ginforge.v1.json', ginforgeCodec],
      ['basic.v1.json', basicCodec],
    ]);
  });
});
