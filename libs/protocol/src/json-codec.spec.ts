import {
  DecodeError,
  defaultDecodeLimits,
  jsonClientCodec,
  jsonCodec,
  type ClientEnvelope,
  type ErrorEnvelope,
} from './index.js';

const decode = (payload: string | Uint8Array): ClientEnvelope => jsonCodec.decode(payload, defaultDecodeLimits);

function refusalOf(payload: unknown): DecodeError {
  const text = typeof payload === 'string' || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
  try {
    decode(text);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw error;
  }
  throw new Error(`Expected ${String(text).slice(0, 80)} to be refused`);
}

describe('wsc.v1.json', () => {
  it('ignores identity, position and time that a client sets', () => {
    const forged = {
      from: 'admin',
      from_name: 'Admin',
      user_id: 'admin',
      offset: 7,
      epoch: 'e',
      timestamp: 1,
      ack: true,
    };
    expect(decode(JSON.stringify({ type: 'notify', event: 'chat', data: 1, ...forged }))).toStrictEqual({
      type: 'notify',
      form: 'wsc',
      event: 'chat',
      data: 1,
    });
  });

  it('leaves a malformed traceparent out instead of refusing the envelope', () => {
    for (const traceparent of [
      '',
      7,
      `ff-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      `00-${'0'.repeat(32)}-${'b'.repeat(16)}-01`,
    ]) {
      expect(decode(JSON.stringify({ type: 'notify', event: 'e', traceparent }))).not.toHaveProperty('traceparent');
    }
  });

  it('takes an ack of one id and of up to a hundred', () => {
    expect(decode('{"type":"ack","id":"m1"}')).toStrictEqual({ type: 'ack', ids: ['m1'] });
    const ids = Array.from({ length: 100 }, (_, index) => `m${String(index)}`);
    expect(decode(JSON.stringify({ type: 'ack', ids }))).toStrictEqual({ type: 'ack', ids });
    expect(refusalOf({ type: 'ack', ids: [...ids, 'one more'] }).error).toBe('WSC_INVALID_ENVELOPE');
  });
});

describe("Nest's own form", () => {
  it('is a request without an id', () => {
    expect(decode('{"event":"chat","data":{"a":1}}')).toStrictEqual({
      type: 'request',
      form: 'stock',
      event: 'chat',
      data: { a: 1 },
    });
    expect(decode('{"event":"chat"}')).toStrictEqual({
      type: 'request',
      form: 'stock',
      event: 'chat',
      data: undefined,
    });
  });

  it.each([
    [{ event: 'reply', data: 1 }, '{"event":"reply","data":1}'],
    [[1, 'two'], '[1,"two"]'],
    ['text', '"text"'],
    [null, 'null'],
    [undefined, 'null'],
    [() => 1, 'null'],
  ])('answers %j as the stock adapter does: %s', (value, text) => {
    const answer = { type: 'response', form: 'stock', event: 'chat', data: value, traceId: 't', timestamp: 1 } as const;
    expect(jsonCodec.encode(answer)).toBe(text);
  });

  it('answers errors as an exception event, with their details or the body that the application gave', () => {
    const error: ErrorEnvelope = {
      type: 'error',
      form: 'stock',
      event: 'chat',
      code: 403,
      error: 'WSC_FORBIDDEN',
      message: 'No.',
      traceId: 't',
      timestamp: 1,
    };
    const data = { status: 'error', message: 'No.', code: 403, error: 'WSC_FORBIDDEN' };
    const written = (envelope: ErrorEnvelope): unknown => JSON.parse(jsonCodec.encode(envelope));
    expect(written(error)).toStrictEqual({ event: 'exception', data });
    const details = { by: 'Ada' };
    expect(written({ ...error, details })).toStrictEqual({ event: 'exception', data: { ...data, details } });
    expect(written({ ...error, details, body: [1] })).toStrictEqual({ event: 'exception', data: [1] });
  });
});

describe('what is no envelope', () => {
  const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
  const keys = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${String(index)}`, index]));

  it.each([
    ['not JSON', 'hello'],
    ['an empty message', ''],
    ['null', 'null'],
    ['an array', '[]'],
    ['a number', '1'],
    ['an empty string', '""'],
    ['an object without event and type', '{}'],
    ['an event that is an object', '{"event":{}}'],
    ['an event that is an array', '{"event":["chat"]}'],
    ['a type that is unknown', '{"type":"welcome"}'],
    ['a type that is null', '{"type":null,"event":"chat"}'],
    ['a type that is an object', '{"type":{},"event":"chat"}'],
    ['a type that objects inherit', '{"type":"constructor","event":"chat"}'],
    ['a request without an id', '{"type":"request","event":"chat"}'],
    ['a request id of 65 characters', JSON.stringify({ type: 'request', event: 'chat', request_id: 'x'.repeat(65) })],
    ['a numeric request id', '{"type":"request","event":"chat","request_id":1}'],
    ['an empty idempotency id', '{"type":"notify","event":"chat","id":""}'],
    ['an ack without an id', '{"type":"ack"}'],
    ['an ack of nothing', '{"type":"ack","ids":[]}'],
    ['an ack of an object', '{"type":"ack","id":{}}'],
    ['33 levels', `{"event":"chat","data":${nested(32)}}`],
    ['200,000 levels', `{"event":"chat","data":${nested(200_000)}}`],
    ['1,001 keys', JSON.stringify({ event: 'chat', data: keys(999) })],
    [
      '1,001 keys in many objects',
      JSON.stringify({ event: 'chat', data: Array.from({ length: 999 }, () => ({ k: 1 })) }),
    ],
    ['a number out of range', '{"event":"chat","data":1e999}'],
    ['a nested number out of range', '{"event":"chat","data":[{"a":-1e999}]}'],
    ['a byte order mark', '\uFEFF{"event":"chat"}'],
    ['a byte order mark in bytes', Buffer.from('\uFEFF{"event":"chat"}')],
    ['bytes that are not UTF-8', Buffer.from('{"event":"chat","data":"\xff"}', 'latin1')],
  ])('refuses %s', (_, payload) => {
    expect(refusalOf(payload)).toMatchObject({ error: 'WSC_INVALID_ENVELOPE', code: 400 });
  });

  it.each([
    ['32 levels', `{"event":"chat","data":${nested(31)}}`],
    ['1,000 keys', JSON.stringify({ event: 'chat', data: keys(998) })],
  ])('takes %s', (_, payload) => {
    expect(decode(payload)).toMatchObject({ event: 'chat' });
  });

  it('has no limits where they are 0', () => {
    const payload = JSON.stringify({ event: 'chat', data: keys(2000) });
    expect(jsonCodec.decode(payload, { maxDepth: 0, maxKeys: 0 })).toMatchObject({ event: 'chat' });
    const deep = `{"event":"chat","data":${nested(100_000)}}`;
    expect(jsonCodec.decode(deep, { maxDepth: 0, maxKeys: 0 })).toMatchObject({ event: 'chat' });
  });

  it.each(['', ' ', 'a b', 'a/b', 'é', 'x'.repeat(129), 'a\n', '*'])('refuses %j as an event name', (event) => {
    expect(refusalOf({ type: 'notify', event }).error).toBe('WSC_INVALID_NAME');
    expect(refusalOf({ event })).toMatchObject({ error: 'WSC_INVALID_NAME', form: 'stock' });
  });

  it.each(['__proto__', 'constructor', 'toString'])(
    'takes %s as an ordinary name and key, and pollutes nothing',
    (word) => {
      const text = `{"event":"${word}","data":{"${word}":{"polluted":true}},"${word}":{"type":"ping","event":"x"}}`;
      const envelope = decode(text);
      expect(envelope).toMatchObject({ type: 'request', form: 'stock', event: word });
      expect({}).not.toHaveProperty('polluted');
      expect(refusalOf(`{"${word}":{"type":"ping"}}`).error).toBe('WSC_INVALID_ENVELOPE');
    },
  );

  it('says what to correlate the answer with, where that could be read', () => {
    const tooDeep = nested(40);
    expect(refusalOf(`{"type":"request","event":"chat","request_id":"r1","data":${tooDeep}}`)).toMatchObject({
      form: 'wsc',
      event: 'chat',
      requestId: 'r1',
    });
    expect(refusalOf(`{"event":"chat","data":${tooDeep}}`)).toMatchObject({ form: 'stock', event: 'chat' });
    expect(refusalOf({ type: 'request', event: 'a b', request_id: 'r1' })).toMatchObject({
      event: undefined,
      requestId: 'r1',
    });
    expect(refusalOf('{')).toMatchObject({ form: 'wsc', event: undefined, requestId: undefined });
  });

  it('quotes nothing of the message in its error', () => {
    const refusal = refusalOf('{"password":"hunter2"');
    expect(refusal.message).not.toContain('hunter2');
    expect(refusal.cause).toBeUndefined();
  });
});

describe('a client', () => {
  it('takes an error name of a later version for the first of the same number', () => {
    const error = { type: 'error', message: 'm', trace_id: 't', timestamp: 1 };
    const nameOf = (name: string, code: number): unknown =>
      jsonClientCodec.decode(JSON.stringify({ ...error, error: name, code }));
    expect(nameOf('WSC_FROM_THE_FUTURE', 409)).toMatchObject({ code: 409, error: 'WSC_CONFLICT' });
    expect(nameOf('toString', 418)).toMatchObject({ code: 418, error: 'WSC_INTERNAL' });
  });

  it.each([
    ['an unknown type', { type: 'surprise' }],
    ['no type', { event: 'chat', data: 1 }],
    ['a welcome without data', { type: 'welcome' }],
    ['a notify without an id', { type: 'notify', event: 'chat', timestamp: 1 }],
    ['a notify whose event is no name', { type: 'notify', event: '*', id: 'm1', timestamp: 1 }],
    ['a notify with a text as offset', { type: 'notify', event: 'chat', id: 'm1', offset: '1', timestamp: 1 }],
    ['a response without a request id', { type: 'response', data: 1, trace_id: 't', timestamp: 1 }],
    ['a pong without a time', { type: 'pong' }],
    ['a goodbye that does not say whether to come back', { type: 'goodbye', data: { code: 1012, reason: 'r' } }],
  ])('refuses %s with a DecodeError', (_, wire) => {
    expect(() => jsonClientCodec.decode(JSON.stringify(wire))).toThrow(DecodeError);
  });
});

describe('data that cannot be written', () => {
  it('throws a TypeError to the one who sends it', () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    for (const bad of [cycle, 1n]) {
      const notify = { type: 'notify', event: 'e', id: 'm', data: bad, timestamp: 1 } as const;
      expect(() => jsonCodec.encode(notify)).toThrow(TypeError);
    }
  });
});
