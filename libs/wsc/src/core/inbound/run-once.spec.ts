import { WscError } from '@nest-wsc/protocol';
import { TestHub } from '../../testing/test-hub.js';
import { answersTo } from '../hub.fixture.js';
import { withResolver } from '../async/with-resolver.js';

const request = (event: string, more: Readonly<Record<string, unknown>> = {}) => ({
  type: 'request',
  event,
  request_id: 'r',
  ...more,
});

describe('a request with an id', () => {
  it('runs once: a repeat in flight shares the answer, a later one gets it again, under its own request id', async () => {
    await using test = await TestHub.start();
    const work = withResolver<string>();
    let runs = 0;
    test.hub.handle('order', () => {
      runs += 1;
      return work.promise;
    });
    const client = await test.connect({ userId: 'ann', deviceId: 'phone' });
    const order = (requestId: string, on = client) =>
      on.send(request('order', { request_id: requestId, id: 'o-1', data: { sku: 1 } }));
    await order('a');
    await order('b');
    work.resolve('placed');
    await test.settle();
    await client.disconnect();
    const again = await test.connect({ userId: 'ann', deviceId: 'phone' });
    await order('c', again);
    const other = await test.connect({ userId: 'ann', deviceId: 'laptop' });
    await order('d', other);
    const answers = [answersTo(client, 'a'), answersTo(client, 'b'), answersTo(again, 'c'), answersTo(other, 'd')];
    expect([answers, runs]).toEqual([[['placed'], ['placed'], ['placed'], ['placed']], 2]);
    await again.send(request('order', { request_id: 'e', id: 'o-1', data: { sku: 2 } }));
    expect(answersTo(again, 'e')).toEqual(['WSC_CONFLICT']);
  });

  it.each([
    ['is kept when it is final', 'WSC_CONFLICT', 1],
    ['is not kept when it is temporary', 'WSC_UNAVAILABLE', 2],
  ] as const)('has an error that %s', async (_, error, runs) => {
    await using test = await TestHub.start();
    let count = 0;
    test.hub.handle('order', () => {
      count += 1;
      throw new WscError(error);
    });
    const client = await test.connect({ userId: 'ann' });
    for (const requestId of ['a', 'b']) {
      await client.send(request('order', { request_id: requestId, id: 'o-1' }));
      expect(answersTo(client, requestId)).toEqual([error]);
    }
    expect(count).toBe(runs);
  });

  it('is not run again where its answer was lost: a stream, or one that could not be written', async () => {
    await using test = await TestHub.start();
    let runs = 0;
    test.hub.handle('stream', async function* () {
      runs += 1;
      yield 1;
    });
    test.hub.handle('bigint', () => {
      runs += 1;
      return 1n;
    });
    const client = await test.connect({ userId: 'ann' });
    for (const event of ['stream', 'bigint'])
      for (const copy of ['1', '2']) await client.send(request(event, { request_id: `${event}${copy}`, id: event }));
    expect([answersTo(client, 'stream2'), answersTo(client, 'bigint2'), runs]).toEqual([
      ['WSC_CONFLICT'],
      ['WSC_CONFLICT'],
      2,
    ]);
  });

  it('is another request on another path, or with other parameters of its path', async () => {
    await using test = await TestHub.start({ paths: ['/public', '/t/:tenant'] });
    test.hub.routes.add({ event: 'get', path: '/public', handler: () => 'public' });
    test.hub.routes.add({
      event: 'get',
      path: '/t/:tenant',
      handler: (_, { connection }) => connection.params['tenant'],
    });
    const answers: unknown[] = [];
    for (const path of ['/public', '/t/a', '/t/b']) {
      const client = await test.connect({ userId: 'ann', deviceId: 'd', path });
      await client.send(request('get', { id: 'o-1' }));
      answers.push(answersTo(client, 'r'));
    }
    expect(answers).toEqual([['public'], ['a'], ['b']]);
  });

  it('is refused as any other where it is repeated: by callbacks, middleware, interceptors, guards and new rights', async () => {
    await using test = await TestHub.start();
    let runs = 0;
    test.hub.handle('get', () => (runs += 1));
    test.hub.use(async (_, next) => ({ wrapped: await next() }));
    const connect = (roles: readonly string[]) =>
      test.connect({ deviceId: 'd', principal: { userId: 'ann', claims: { roles } } });
    const client = await connect(['admin']);
    const repeat = async (requestId: string, on = client) => {
      await on.send(request('get', { request_id: requestId, id: 'o-1' }));
      return on.received.at(-1);
    };
    expect([await repeat('a'), await repeat('b')]).toMatchObject([{ data: { wrapped: 1 } }, { data: { wrapped: 1 } }]);
    const veto = test.hub.interceptors.add({ inbound: () => undefined });
    expect(await repeat('c')).toMatchObject({ error: 'WSC_FORBIDDEN' });
    veto();
    const refuse = test.hub.hooks.onMessage(() => Promise.reject(new WscError('WSC_UNAUTHORIZED')));
    expect(await repeat('d')).toMatchObject({ error: 'WSC_UNAUTHORIZED' });
    refuse();
    expect(await repeat('e', await connect([]))).toMatchObject({ error: 'WSC_CONFLICT' });
    expect([await repeat('f', await connect(['admin'])), runs]).toMatchObject([{ data: { wrapped: 1 } }, 1]);
  });

  it('is guarded where it is repeated, as built-in events are', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true });
    let isAllowed = true;
    test.hub.routes.builtInGuard = async () => {
      if (!isAllowed) throw new WscError('WSC_FORBIDDEN');
    };
    const client = await test.connect({ userId: 'ann' });
    await client.request('join_room', { room: 'chat:1' });
    const say = request('room_message', { id: 'o-1', data: { room: 'chat:1', data: 'hi' } });
    await client.send(say);
    expect(client.received.at(-1)).toMatchObject({ type: 'response' });
    isAllowed = false;
    await client.send(say);
    expect(client.received.at(-1)).toMatchObject({ error: 'WSC_FORBIDDEN' });
  });

  it('joins again on the next connection, since the first has taken its rooms with it', async () => {
    await using test = await TestHub.start();
    test.hub.namespaces.define('chat', { joinable: true });
    const rooms: unknown[] = [];
    for (const connection of ['first', 'second']) {
      const client = await test.connect({ userId: 'ann', deviceId: 'd' });
      await client.send(request('join_room', { id: 'j-1', data: { room: 'chat:1' } }));
      rooms.push([connection, client.connection.rooms]);
      await client.disconnect();
    }
    expect(rooms).toEqual([
      ['first', ['chat:1']],
      ['second', ['chat:1']],
    ]);
  });

  it('that hangs locks its user out for a minute after its connection has gone, not for ever', async () => {
    await using test = await TestHub.start();
    let runs = 0;
    test.hub.handle('order', () => {
      runs += 1;
      return new Promise(() => undefined);
    });
    const client = await test.connect({ userId: 'ann', deviceId: 'd' });
    await client.send(request('order', { id: 'o-1' }));
    await client.disconnect();
    await test.clock.advance(60_000);
    const again = await test.connect({ userId: 'ann', deviceId: 'd' });
    await again.send(request('order', { id: 'o-1' }));
    expect([answersTo(again, 'r'), runs]).toEqual([['WSC_CONFLICT'], 1]);
  });

  it('counts for its user, so that another device is no way around the limit', async () => {
    await using test = await TestHub.start({ limits: { messagesPerSecond: 0, maxConcurrentHandlers: 0 } });
    test.hub.handle('order', () => new Promise(() => undefined));
    const phone = await test.connect({ userId: 'ann', deviceId: 'phone' });
    for (let index = 0; index < 1000; index += 1)
      phone.connection.receive(JSON.stringify(request('order', { id: `o-${String(index)}` })));
    const laptop = await test.connect({ userId: 'ann', deviceId: 'laptop' });
    await laptop.send(request('order', { id: 'o-0' }));
    const bob = await test.connect({ userId: 'bob' });
    await bob.send(request('order', { id: 'o-0' }));
    expect([answersTo(laptop, 'r'), answersTo(bob, 'r')]).toEqual([['WSC_LIMIT_EXCEEDED'], []]);
  });

  it('belongs to its connection where that is anonymous', async () => {
    await using test = await TestHub.start();
    let runs = 0;
    test.hub.handle('order', () => (runs += 1));
    for (const client of [await test.connect({ deviceId: 'd' }), await test.connect({ deviceId: 'd' })])
      await client.send(request('order', { id: 'o-1' }));
    expect(runs).toBe(2);
  });
});
