import { jsonCodec, WscError } from '@nest-wsc/protocol';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import { withResolver, type Resolvable } from '../async/with-resolver.js';

const notify = (event: string, data?: unknown) => ({ type: 'notify', event, data });

/** The error names that have come so far. */
const errorsOf = ({ received }: TestClient) =>
  received.flatMap((envelope) => (envelope.type === 'error' ? [envelope.error] : []));

/** Handlers that run until a test lets them end. */
function gated(test: TestHub, event: string, isExclusive = false) {
  const running = new Map<unknown, Resolvable<unknown>>();
  test.hub.routes.add({
    event,
    isExclusive,
    handler: (data) => {
      const work = withResolver<unknown>();
      running.set(data, work);
      return work.promise;
    },
  });
  const end = async (data: unknown) => {
    running.get(data)?.resolve(data);
    running.delete(data);
    await test.settle();
  };
  return { running: () => [...running.keys()], end };
}

describe('messages of one connection', () => {
  it('begin in the order of arrival, overlap, and are answered as they finish', async () => {
    await using test = await TestHub.start();
    const slow = gated(test, 'slow');
    const client = await test.connect();
    for (const data of ['a', 'b', 'c']) await client.send({ type: 'request', event: 'slow', request_id: data, data });
    expect(slow.running()).toEqual(['a', 'b', 'c']);
    for (const data of ['b', 'c', 'a']) await slow.end(data);
    expect(client.received.map((envelope) => 'requestId' in envelope && envelope.requestId)).toEqual([
      false,
      'b',
      'c',
      'a',
    ]);
  });

  it('wait for an exclusive one to finish, which pauses the link', async () => {
    await using test = await TestHub.start();
    const [exclusive, normal] = [gated(test, 'exclusive', true), gated(test, 'normal')];
    const client = await test.connect();
    await client.send(notify('normal', 1));
    await client.send(notify('exclusive', 2));
    expect(client.link.isPaused).toBe(false);
    for (const [event, data] of [
      ['normal', 3],
      ['exclusive', 4],
      ['normal', 5],
    ] as const)
      await client.send(notify(event, data));
    expect([normal.running(), exclusive.running(), client.link.isPaused]).toEqual([[1], [2], true]);
    await exclusive.end(2);
    expect([normal.running(), exclusive.running(), client.link.isPaused]).toEqual([[1, 3], [4], true]);
    await exclusive.end(4);
    expect([normal.running(), client.link.isPaused]).toEqual([[1, 3, 5], false]);
  });

  it('overlap up to 32, then the link is paused until there is room', async () => {
    await using test = await TestHub.start();
    const slow = gated(test, 'slow');
    const client = await test.connect();
    for (let index = 0; index < 34; index += 1) await client.send(notify('slow', index));
    expect([slow.running().length, client.link.isPaused, test.hub.stats().runningHandlers]).toEqual([32, true, 32]);
    await slow.end(5);
    expect([slow.running().at(-1), client.link.isPaused]).toEqual([32, true]);
    await slow.end(6);
    expect([slow.running().at(-1), client.link.isPaused]).toEqual([33, false]);
  });

  it('are not counted as running where their handlers are synchronous', async () => {
    await using test = await TestHub.start({ limits: { maxConcurrentHandlers: 1 } });
    const seen: unknown[] = [];
    test.hub.handle('fast', (data) => void seen.push(data));
    const client = await test.connect();
    for (let index = 0; index < 100; index += 1) client.connection.receive(JSON.stringify(notify('fast', index)));
    expect([seen.length, client.link.isPaused]).toEqual([100, false]);
  });
});

describe('a client over its message rate', () => {
  it('hears so once a second, with when to come again, and is closed with 4029 after ten seconds without a pause', async () => {
    await using test = await TestHub.start({ limits: { messagesPerSecond: 10, messagesBurst: 20 } });
    let handled = 0;
    test.hub.handle('x', () => void (handled += 1));
    const [noisy, quiet] = [await test.connect(), await test.connect()];
    for (let index = 0; index < 21; index += 1)
      await noisy.send({ type: 'request', event: 'x', request_id: `r${index}` });
    expect([handled, noisy.received.at(-1)]).toEqual([
      20,
      expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED', requestId: 'r20', retryAfterMs: 100 }),
    ]);
    for (let tenth = 1; tenth < 100; tenth += 1) {
      await test.clock.advance(100);
      for (let index = 0; index < 3; index += 1) await noisy.send(notify('x'));
    }
    expect([errorsOf(noisy).length, noisy.closedWith]).toEqual([10, undefined]);
    await test.clock.advance(100);
    for (let index = 0; index < 3; index += 1) await noisy.send(notify('x'));
    expect(noisy.closedWith?.code).toBe(4029);
    expect(await quiet.request('x')).toMatchObject({ type: 'response' });
  });

  it('may go on for ever with pauses', async () => {
    await using test = await TestHub.start({ limits: { messagesPerSecond: 10, messagesBurst: 1 } });
    test.hub.handle('x', () => undefined);
    const client = await test.connect();
    for (let round = 0; round < 20; round += 1) {
      for (let index = 0; index < 5; index += 1) await client.send(notify('x'));
      await test.clock.advance(1_100);
    }
    expect([client.closedWith, errorsOf(client).length]).toEqual([undefined, 20]);
  });

  it('can still acknowledge and ping, which are counted apart', async () => {
    await using test = await TestHub.start({ limits: { messagesPerSecond: 10, messagesBurst: 10 } });
    const client = await test.connect({ userId: 'ann' });
    for (let index = 0; index < 50; index += 1) await client.send(notify('unknown'));
    const outcome = test.hub.sendToUserWithAck('ann', { event: 'x', id: 'm1' });
    await test.settle();
    await client.send({ type: 'ack', id: 'm1' });
    await client.send({ type: 'ping' });
    expect([await outcome, client.received.at(-1)?.type]).toEqual([
      expect.objectContaining({ status: 'acked' }),
      'pong',
    ]);
    for (let index = 0; index < 50; index += 1) await client.send({ type: 'ping' });
    expect(client.received.filter(({ type }) => type === 'pong')).toHaveLength(19);
  });

  it('is not read any more: it is refused by its looks, but for acks and pings', async () => {
    const decoded: string[] = [];
    const counting = {
      ...jsonCodec,
      decode: (...[payload, limits]: Parameters<typeof jsonCodec.decode>) => {
        decoded.push(Buffer.from(payload).toString().slice(0, 60));
        return jsonCodec.decode(payload, limits);
      },
    };
    await using test = await TestHub.start({ limits: { messagesPerSecond: 10, messagesBurst: 10 } });
    const encoding = Object.assign(Object.create(test.encoding) as typeof test.encoding, { codec: counting });
    const client = await test.connect({ encoding });
    for (let index = 0; index < 10; index += 1) await client.send(notify('x'));
    decoded.length = 0;
    const large = JSON.stringify({ type: 'ack', id: 'a', padding: 'x'.repeat(10_000) });
    for (const payload of ['{"type":"request","event":"x","request_id":"r1"}', 'no json', large, '{"event":"x"}', '{'])
      await client.send(payload);
    // The first is read for the answer, which comes once a second.
    expect([decoded, client.received.at(-1)]).toEqual([
      [expect.stringContaining('r1')],
      expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED', requestId: 'r1' }),
    ]);
    await client.send(' { "type" : "ack" , "id":"nobodys"}');
    client.connection.receive(Buffer.from('{"type":"ping"}'));
    await test.settle();
    expect([client.received.at(-1)?.type, test.hub.stats().ignoredAcks, test.hub.stats().invalidMessages]).toEqual([
      'pong',
      1,
      0,
    ]);
  });

  it('is not limited where the limit is off', async () => {
    await using test = await TestHub.start({ limits: { messagesPerSecond: 0 } });
    let handled = 0;
    test.hub.handle('x', () => void (handled += 1));
    const client = await test.connect();
    for (let index = 0; index < 1_000; index += 1) client.connection.receive(JSON.stringify(notify('x')));
    expect(handled).toBe(1_000);
  });
});

describe('an invalid envelope', () => {
  it('is answered with what is known of it, and the tenth in a minute closes with 4502', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    await client.send('{"type":"request","request_id":"r1","event":"no spaces"}');
    await client.send('{"type":"request","request_id":"r2","event":7}');
    await client.send('null');
    expect(client.received.slice(1)).toEqual([
      expect.objectContaining({ error: 'WSC_INVALID_NAME', requestId: 'r1' }),
      expect.objectContaining({ error: 'WSC_INVALID_ENVELOPE', requestId: 'r2' }),
      expect.objectContaining({ error: 'WSC_INVALID_ENVELOPE' }),
    ]);
    await test.clock.advance(60_000);
    for (const payload of ['', '[]', '1', '"', '{"event":{}}', '{"type":"huh"}', '\ufeff{}', '{"a":1e999}', '{'])
      await client.send(payload);
    expect([client.closedWith, test.hub.stats().invalidMessages]).toEqual([undefined, 12]);
    await client.send('}');
    expect([client.closedWith?.code, errorsOf(client).length]).toEqual([4502, 13]);
  });

  it('counts for the message rate too, so that nobody is answered without end where the limit is off', async () => {
    await using test = await TestHub.start({
      limits: { invalidMessagesPerMinute: 0, messagesPerSecond: 10, messagesBurst: 10 },
    });
    const client = await test.connect();
    for (let index = 0; index < 100; index += 1) await client.send('{');
    expect([client.closedWith, errorsOf(client).length]).toEqual([undefined, 11]);
  });

  it('does not end the process or the connection when the codec itself fails', async () => {
    await using test = await TestHub.start();
    const encoding = Object.assign(Object.create(test.encoding) as typeof test.encoding, {
      codec: {
        ...jsonCodec,
        decode: () => {
          throw new TypeError('secret');
        },
      },
    });
    const client = await test.connect({ encoding });
    await client.send('{}');
    expect(client.received.at(-1)).toMatchObject({ error: 'WSC_INVALID_ENVELOPE' });
    expect(JSON.stringify(client.received)).not.toContain('secret');
  });
});

describe('a message', () => {
  it('in the stock form is answered in it, errors and built-ins included', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true });
    test.hub.handle('echo', (data) => data);
    test.hub.handle('event', () => ({ event: 'other', data: 1 }));
    test.hub.handle('nothing', () => null);
    test.hub.handle('refuse', () => {
      throw new WscError('WSC_CONFLICT', { message: 'Taken.', details: 'shown here' });
    });
    const client = await test.connect();
    const answers = async (message: Readonly<Record<string, unknown>>) => {
      const before = client.link.writes.length;
      await client.send(message);
      return Buffer.concat(client.link.writes.slice(before)).toString();
    };
    expect(await answers({ event: 'echo', data: 'hi' })).toBe('"hi"\n');
    expect(await answers({ event: 'event' })).toBe('{"event":"other","data":1}\n');
    expect(await answers({ event: 'nothing' })).toBe('');
    expect(JSON.parse(await answers({ event: 'join_room', data: { room: 'chat:1' } }))).toEqual({
      room: 'chat:1',
      members: 1,
    });
    expect(JSON.parse(await answers({ event: 'refuse' }))).toEqual({
      event: 'exception',
      data: { status: 'error', message: 'Taken.', code: 409, error: 'WSC_CONFLICT', details: 'shown here' },
    });
    expect(JSON.parse(await answers({ event: '__proto__' }))).toMatchObject({ data: { error: 'WSC_UNKNOWN_EVENT' } });
  });

  it.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'nobody'])(
    'named %s is unknown where nobody handles it',
    async (event) => {
      await using test = await TestHub.start();
      const client = await test.connect();
      expect(await client.request(event)).toMatchObject({ code: 404, error: 'WSC_UNKNOWN_EVENT' });
      expect(await client.request('join_room', { room: event })).toMatchObject({ error: 'WSC_FORBIDDEN' });
    },
  );

  it('goes to the handler of its path, and a name is taken once', async () => {
    await using test = await TestHub.start({ paths: ['/a', '/b'] });
    test.hub.routes.add({ event: 'who', path: '/a', handler: () => 'a', origin: 'GatewayA.who' });
    test.hub.routes.add({ event: 'who', path: '/b', handler: () => 'b', origin: 'GatewayB.who' });
    const [a, b] = [await test.connect({ path: '/a' }), await test.connect({ path: '/b' })];
    expect([await a.request('who'), await b.request('who')]).toMatchObject([{ data: 'a' }, { data: 'b' }]);
    const { routes } = test.hub;
    const handler = () => undefined;
    expect(() => routes.add({ event: 'who', path: '/a', handler, origin: 'Other.who' })).toThrow(
      /GatewayA\.who.*Other\.who/,
    );
    expect(() => test.hub.handle('who', handler)).toThrow('"who" has two handlers');
    expect(() => test.hub.handle('join_room', handler)).toThrow('built-in');
    expect(() => test.hub.handle('no spaces', handler)).toThrow(WscError);
    const frozen = await TestHub.start({
      options: { routes: 'frozen', builtIns: { ...test.hub.options.builtIns, chat: false } },
    });
    expect(() => frozen.hub.handle('late', handler)).toThrow('frozen');
    const own = new TestHub({ options: { builtIns: { ...test.hub.options.builtIns, chat: false } } });
    expect(() => own.hub.handle('chat', handler)).not.toThrow();
  });

  it('carries the trace of its client to its answer, or gets a new one', async () => {
    await using test = await TestHub.start();
    const traces: string[] = [];
    test.hub.handle('x', (_, { traceId }) => void traces.push(traceId));
    const client = await test.connect();
    const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
    for (const traceparent of [`00-${trace}-00f067aa0ba902b7-01`, 'broken'])
      await client.send({ type: 'request', event: 'x', request_id: 'r', traceparent });
    expect(traces).toEqual([trace, expect.stringMatching(/^[0-9a-f]{32}$/)]);
    expect(client.received.slice(1).map((envelope) => 'traceId' in envelope && envelope.traceId)).toEqual(traces);
  });

  it('of no more than one answer: a notification is answered only when it is refused', async () => {
    await using test = await TestHub.start();
    test.hub.handle('ok', () => 'ignored');
    test.hub.handle('bad', () => {
      throw new WscError('WSC_FORBIDDEN');
    });
    const client = await test.connect();
    await client.send(notify('ok'));
    await client.send(notify('bad'));
    expect(client.received.slice(1)).toEqual([expect.objectContaining({ type: 'error', error: 'WSC_FORBIDDEN' })]);
    expect(client.received[1]).not.toHaveProperty('requestId');
  });

  it('is counted with its bytes', async () => {
    await using test = await TestHub.start();
    const client = await test.connect();
    await client.send('{"type":"ping"}');
    await client.send('{"type":"pong"}');
    await client.send('{"type":"ack","id":"nobodys"}');
    expect(test.hub.stats()).toMatchObject({
      messagesReceived: 3,
      bytesReceived: 59,
      averageMessageBytes: 20,
      ignoredAcks: 1,
    });
  });
});
