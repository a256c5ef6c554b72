import { WscError } from '@nest-wsc/protocol';
import { TestHub } from '../../testing/test-hub.js';
import type { LogContext } from '../ports/logger.js';

function withGetter(error: Error, property: string): Error {
  return Object.defineProperty(error, property, {
    get: () => {
      throw new Error('getter');
    },
  });
}

function revokedProxy(): unknown {
  const { proxy, revoke } = Proxy.revocable({}, {});
  revoke();
  return proxy;
}

describe('an answer', () => {
  it.each<[string, () => unknown, unknown]>([
    ['a value', () => ({ a: [1] }), { a: [1] }],
    ['a promise', () => Promise.resolve('later'), 'later'],
    ['nothing', () => undefined, null],
    ['false', () => false, false],
    ['a function', () => () => 'x', null],
    ['a symbol', () => Symbol('x'), null],
    ['what writes itself as nothing', () => ({ toJSON: () => undefined }), null],
    ['what writes itself as a function', () => ({ toJSON: () => () => 1 }), null],
    ['what writes itself as what could do so again', () => ({ toJSON: () => ({ a: 1, toJSON: () => 2 }) }), { a: 1 }],
    ['what writes itself', () => new Date(0), '1970-01-01T00:00:00.000Z'],
  ])('may be %s', async (_, handler, data) => {
    await using test = await TestHub.start();
    test.hub.handle('x', handler);
    const client = await test.connect();
    expect(await client.request('x')).toMatchObject({ type: 'response', data, timestamp: test.clock.now() });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('secret');
      },
    ],
    ['rejects', () => Promise.reject(new Error('secret'))],
    ['rejects with text', () => Promise.reject(Object.assign(new Error(), { toString: () => 'secret' }))],
    [
      'throws an internal WscError',
      () => {
        throw new WscError('WSC_INTERNAL', { message: 'secret', details: 'secret' });
      },
    ],
    ['answers a BigInt', () => ({ secret: 1n })],
    [
      'answers a cycle',
      () => {
        const cycle: { secret?: unknown } = {};
        cycle.secret = cycle;
        return cycle;
      },
    ],
    [
      'answers what throws when it is written',
      () => ({
        toJSON: () => {
          throw new Error('secret');
        },
      }),
    ],
    [
      'answers what throws when it is looked at',
      () => ({
        get then(): never {
          throw new Error('secret');
        },
      }),
    ],
  ])(
    'is WSC_INTERNAL where the handler %s, with the cause in the log and the error callbacks only',
    async (_, handler) => {
      await using test = await TestHub.start();
      const errors: unknown[] = [];
      test.hub.hooks.onError((error) => void errors.push(error));
      test.hub.handle('x', handler);
      const client = await test.connect();
      const answer = await client.request('x');
      expect(answer).toMatchObject({ type: 'error', code: 500, error: 'WSC_INTERNAL', message: 'Internal error.' });
      expect(JSON.stringify(client.received)).not.toContain('secret');
      expect([test.logger.messages('error'), errors.length, test.hub.stats().errors]).toEqual([
        ['A handler failed.'],
        1,
        1,
      ]);
    },
  );

  it.each<[string, () => unknown]>([
    ['has no prototype', () => Object.assign(Object.create(null) as object, { big: 1n })],
    ['throws for its message', () => withGetter(new Error('x'), 'message')],
    ['throws for its details', () => withGetter(new WscError('WSC_CONFLICT'), 'details')],
    ['is a revoked proxy', revokedProxy],
    ['is nothing', () => undefined],
  ])('comes whatever was thrown, and whatever the logger does then: something that %s', async (_, thrown) => {
    const logged: string[] = [];
    // As one does that formats what it gets.
    const log = (message: string, context?: LogContext) => {
      if (context !== undefined) throw new Error('logger');
      logged.push(message);
    };
    await using test = await TestHub.start({
      dependencies: { logger: { error: log, warn: log, info: log, debug: log } },
    });
    const heard: unknown[] = [];
    test.hub.events.on('error', ({ data }) => void heard.push(data));
    test.hub.hooks.onError(() => {
      throw thrown();
    });
    test.hub.events.on('message.received', () => {
      throw thrown();
    });
    test.hub.handle('now', () => {
      throw thrown();
    });
    test.hub.handle('later', async () => {
      await Promise.resolve();
      throw thrown();
    });
    test.hub.handle('ok', () => 'ok');
    const client = await test.connect();
    for (const event of ['now', 'later']) expect(await client.request(event)).toMatchObject({ type: 'error' });
    expect([await client.request('ok'), test.hub.stats().runningHandlers]).toMatchObject([{ data: 'ok' }, 0]);
    expect(logged).toContain('An event listener failed.');
    expect(heard.every((data) => JSON.stringify(data).includes('"message":'))).toBe(true);
  });

  it('says what a WscError says, and still comes where its details can not be written', async () => {
    await using test = await TestHub.start();
    test.hub.handle('limit', () =>
      Promise.reject(new WscError('WSC_LIMIT_EXCEEDED', { retryAfterMs: 250, message: 'Slow.' })),
    );
    test.hub.handle('bad', () =>
      Promise.reject(new WscError('WSC_CONFLICT', { details: 1n, cause: new Error('secret') })),
    );
    const client = await test.connect();
    expect(await client.request('limit')).toMatchObject({ code: 429, retryAfterMs: 250, message: 'Slow.' });
    const bad = await client.request('bad');
    expect(bad).toMatchObject({ error: 'WSC_CONFLICT' });
    expect(bad).not.toHaveProperty('details');
  });
});

describe('what stands around a handler', () => {
  it('runs in order: callbacks, middleware, interceptors, handler, interceptors', async () => {
    await using test = await TestHub.start();
    const order: unknown[] = [];
    test.hub.hooks.onMessage(({ event }) => void order.push(`callback ${event}`));
    test.hub.use(async ({ kind }, next) => {
      order.push(`in ${kind}`);
      const answer = await next();
      order.push('out');
      return { answer };
    });
    test.hub.interceptors.add({
      inbound: (message) => {
        order.push('inbound');
        return { ...message, data: 'rewritten' };
      },
      outbound: (message, target) => {
        order.push(`outbound ${target.kind} ${message.event}`);
        return { ...message, data: [message.data] };
      },
    });
    test.hub.handle('x', (data, context) => {
      order.push('handler');
      return [data, context.data];
    });
    const client = await test.connect();
    expect(await client.request('x', 'original')).toMatchObject({ data: [{ answer: ['rewritten', 'rewritten'] }] });
    expect(order).toEqual(['callback x', 'in request', 'inbound', 'handler', 'out', 'outbound response x']);
  });

  it.each<[string, (test: TestHub) => void, string]>([
    [
      'a callback throws',
      ({ hub }) =>
        void hub.hooks.onMessage(() => {
          throw new WscError('WSC_CONFLICT');
        }),
      'WSC_CONFLICT',
    ],
    [
      'a callback rejects',
      ({ hub }) => void hub.hooks.onMessage(() => Promise.reject(new Error('bug'))),
      'WSC_INTERNAL',
    ],
    [
      'middleware throws',
      ({ hub }) =>
        hub.use(() => {
          throw new WscError('WSC_UNAUTHORIZED');
        }),
      'WSC_UNAUTHORIZED',
    ],
    [
      'middleware rejects',
      ({ hub }) => hub.use(() => Promise.reject(new WscError('WSC_UNAUTHORIZED'))),
      'WSC_UNAUTHORIZED',
    ],
    ['an interceptor vetoes', ({ hub }) => void hub.interceptors.add({ inbound: () => undefined }), 'WSC_FORBIDDEN'],
    [
      'an interceptor vetoes later',
      ({ hub }) => void hub.interceptors.add({ inbound: async () => undefined }),
      'WSC_FORBIDDEN',
    ],
    [
      'an interceptor throws',
      ({ hub }) =>
        void hub.interceptors.add({
          inbound: () => {
            throw new Error('bug');
          },
        }),
      'WSC_INTERNAL',
    ],
  ])('refuses the message when %s, before its handler runs', async (_, prepare, error) => {
    await using test = await TestHub.start();
    let runs = 0;
    test.hub.handle('x', () => (runs += 1));
    prepare(test);
    const client = await test.connect();
    expect([await client.request('x'), runs]).toEqual([expect.objectContaining({ error }), 0]);
  });

  it('may answer instead of the handler, or veto its answer', async () => {
    await using test = await TestHub.start();
    test.hub.handle('x', () => 'handler');
    test.hub.use(({ event }, next) => (event === 'x' ? 'middleware' : next()));
    const remove = test.hub.interceptors.add({ outbound: () => undefined });
    const client = await test.connect();
    expect(await client.request('x')).toMatchObject({ error: 'WSC_FORBIDDEN' });
    remove();
    expect(await client.request('x')).toMatchObject({ data: 'middleware' });
  });

  it('guards built-in events by the guard of the gateways, and own events not', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true });
    test.hub.handle('own', () => 'ok');
    const guarded: string[] = [];
    test.hub.routes.builtInGuard = async ({ event, connection }) => {
      guarded.push(event);
      if (connection.userId === undefined) throw new WscError('WSC_UNAUTHORIZED');
    };
    const [ann, nobody] = [await test.connect({ userId: 'ann' }), await test.connect()];
    expect(await nobody.request('join_room', { room: 'chat:1' })).toMatchObject({ error: 'WSC_UNAUTHORIZED' });
    expect(await ann.request('join_room', { room: 'chat:1' })).toMatchObject({ data: { room: 'chat:1' } });
    expect(await nobody.request('own')).toMatchObject({ data: 'ok' });
    expect([guarded, nobody.connection.rooms]).toEqual([['join_room', 'join_room'], []]);
  });

  it('tells listeners of each error that the client is told nothing about', async () => {
    await using test = await TestHub.start();
    const events: unknown[] = [];
    test.hub.events.on('error', (event) => void events.push(event));
    test.hub.handle('x', () => Promise.reject(new Error('no disk')));
    test.hub.handle('refused', () => Promise.reject(new WscError('WSC_CONFLICT')));
    const client = await test.connect({ userId: 'ann' });
    await client.request('x');
    await client.request('refused');
    expect(events).toEqual([
      {
        name: 'error',
        time: test.clock.now(),
        connectionId: client.connection.id,
        userId: 'ann',
        data: { message: 'no disk' },
      },
    ]);
  });

  it('tells listeners of each message that has a handler', async () => {
    await using test = await TestHub.start();
    const heard: unknown[] = [];
    test.hub.events.on('message.received', ({ userId, data }) => void heard.push([userId, data]));
    test.hub.handle('x', () => undefined);
    const client = await test.connect({ userId: 'ann' });
    await client.request('x');
    await client.request('unknown');
    expect(heard).toEqual([['ann', { event: 'x', traceId: expect.any(String) as string }]]);
  });
});
