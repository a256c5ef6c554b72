import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { ClusterChannels, decodeClusterBatch, type ClusterMessage } from '@nest-wsc/protocol/cluster';
import { startRedis, type RedisServer } from '../../../test/support/redis/redis-server.js';
import { until } from '../../../test/support/until.js';
import { WscPublisher, type MessageInput, type PublishResult, type RedisOptions } from './index.js';

const channels = new ClusterChannels();
const lifeSpanMs = 2_000;

/** Hears what a gateway would. */
class Listener implements AsyncDisposable {
  readonly payloads: string[] = [];
  readonly #client: Redis;

  private constructor(client: Redis) {
    this.#client = client;
    client.on('message', (_channel, payload) => this.payloads.push(payload));
  }

  static async on(redis: RedisServer, ...names: readonly string[]): Promise<Listener> {
    const listener = new Listener(new Redis(redis.url));
    await listener.#client.subscribe(...names);
    return listener;
  }

  get messages(): readonly ClusterMessage[] {
    return this.payloads.flatMap((payload) => decodeClusterBatch(payload).messages);
  }

  async hear(count: number): Promise<readonly ClusterMessage[]> {
    return until(
      () => this.messages,
      ({ length }) => length >= count,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client.quit();
  }
}

/** A publisher that ends with its test. */
async function open(redis: RedisOptions, lines: unknown[] = []) {
  const note = (message: string): unknown => lines.push(message);
  const publisher = await WscPublisher.open({ redis, log: { warn: note, info: note, debug: note } });
  return { publisher, [Symbol.asyncDispose]: () => publisher.close() };
}

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

describe('a publisher', () => {
  type Call = (publisher: WscPublisher) => Promise<PublishResult>;
  const notice = { title: 'Shipped', body: 'On its way' };

  interface Told {
    readonly channel: string;
    readonly call: Call;
    readonly expected: object;
  }

  it.each<[string, Told]>([
    [
      'everyone',
      {
        channel: channels.everyone,
        call: (to) => to.broadcast({ event: 'e', data: 1 }),
        expected: { event: 'e', data: 1 },
      },
    ],
    [
      'a user',
      {
        channel: channels.user('auth0|1'),
        call: (to) => to.toUser('auth0|1', { event: 'e' }),
        expected: { event: 'e', data: null },
      },
    ],
    [
      'a room',
      {
        channel: channels.room('chat:1'),
        call: (to) => to.toRoom('chat:1', { event: 'e' }),
        expected: { event: 'e', room: 'chat:1' },
      },
    ],
    [
      'a user, a notification',
      {
        channel: channels.user('u1'),
        call: (to) => to.notify('u1', notice),
        expected: { event: 'notification', data: notice },
      },
    ],
    [
      'everyone, a notification',
      {
        channel: channels.everyone,
        call: (to) => to.notifyAll(notice),
        expected: { event: 'notification', data: notice },
      },
    ],
    [
      'everyone, a change',
      {
        channel: channels.everyone,
        call: (to) => to.dataUpdate({ entity: 'order', action: 'deleted', id: 7 }),
        expected: { event: 'data_update', data: { entity: 'order', action: 'deleted', id: 7 } },
      },
    ],
  ])('tells %s', async (_, { channel, call, expected }) => {
    await using heard = await Listener.on(redis, channel);
    await using opened = await open(redis.url);
    const { id, nodes } = await call(opened.publisher);
    const [first] = await heard.hear(1);
    expect(first?.message).toMatchObject({ ...expected, id, priority: 'normal', timestamp: expect.any(Number) });
    expect(first?.audience).toBeUndefined();
    expect(nodes).toBe(1);
  });

  it('tells a user type through the channel of everyone', async () => {
    await using heard = await Listener.on(redis, channels.everyone);
    await using opened = await open(redis.url);
    await opened.publisher.toUserType('admin', { event: 'e' });
    expect(await heard.hear(1)).toMatchObject([{ message: { event: 'e' }, audience: { userTypes: ['admin'] } }]);
  });

  it('hands on what the application said of a message', async () => {
    await using heard = await Listener.on(redis, channels.user('u1'));
    await using opened = await open(redis.url);
    const message = {
      event: 'e',
      id: 'm1',
      from: 'ann',
      fromName: 'Ann',
      to: 'u1',
      priority: 'high',
      key: 'k',
    } as const;
    expect(await opened.publisher.toUser('u1', message)).toEqual({ id: 'm1', nodes: 1 });
    expect((await heard.hear(1))[0]?.message).toMatchObject(message);
  });

  it('answers how many gateways it was handed to', async () => {
    await using opened = await open(redis.url);
    const send = async () => (await opened.publisher.toRoom('chat:1', { event: 'e' })).nodes;
    expect(await send()).toBe(0);
    await using one = await Listener.on(redis, channels.room('chat:1'));
    await using two = await Listener.on(redis, channels.room('chat:1'));
    expect(await send()).toBe(2);
    expect([await one.hear(1), await two.hear(1)]).toHaveLength(2);
  });

  it('keeps the order of the calls, and sends those of one turn together', async () => {
    await using heard = await Listener.on(redis, channels.user('u1'));
    await using opened = await open(redis.url);
    const ids = Array.from({ length: 100 }, (_, index) => String(index));
    await Promise.all(ids.map((id) => opened.publisher.toUser('u1', { event: 'e', id })));
    expect((await heard.hear(ids.length)).map(({ message: { id } }) => id)).toEqual(ids);
    expect(heard.payloads).toHaveLength(1);
  });

  it('speaks under the prefix of the gateways', async () => {
    const prefix = 'other';
    await using heard = await Listener.on(redis, new ClusterChannels({ prefix }).everyone);
    await using opened = await open({ url: redis.url, prefix });
    await opened.publisher.broadcast({ event: 'e' });
    expect(await heard.hear(1)).toHaveLength(1);
  });

  it('uses the address of a client that the application has, and leaves it alone', async () => {
    const client = new Redis(redis.url);
    try {
      await using heard = await Listener.on(redis, channels.everyone);
      const { publisher } = await open(client);
      await publisher.broadcast({ event: 'e' });
      await publisher.close();
      expect(await heard.hear(1)).toHaveLength(1);
      expect(await client.ping()).toBe('PONG');
    } finally {
      client.disconnect();
    }
  });
});

describe('what no gateway would take', () => {
  const cycle: Record<string, unknown> = {};
  cycle['self'] = cycle;
  const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

  it.each<[string, MessageInput, string]>([
    ['no event', { event: 'a b' }, 'Expected the event'],
    ['another priority', { event: 'e', priority: 'urgent' as 'high' }, 'Expected the priority'],
    ['a cycle', { event: 'e', data: cycle }, 'circular'],
    ['too much nesting', { event: 'e', data: nested(200) }, 'nests deeper'],
    ['too long a sender', { event: 'e', from: 'x'.repeat(2_000) }, '"from"'],
  ])('is the mistake of the program: %s', async (_, message, text) => {
    await using opened = await open(redis.url);
    const error = await failure(opened.publisher.broadcast(message));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain(text);
  });

  it.each<[string, string, (publisher: WscPublisher) => Promise<unknown>]>([
    ['a user', 'WSC_INVALID_NAME', (to) => to.toUser('a b', { event: 'e' })],
    ['a room', 'WSC_INVALID_NAME', (to) => to.toRoom('*', { event: 'e' })],
    ['an id', 'WSC_INVALID_NAME', (to) => to.broadcast({ event: 'e', id: '' })],
    ['a user type', 'WSC_VALIDATION_FAILED', (to) => to.toUserType('', { event: 'e' })],
    ['a size', 'WSC_MESSAGE_TOO_LARGE', (to) => to.broadcast({ event: 'e', data: 'x'.repeat(9_000_000) })],
  ])('is refused: %s', async (_, error, call) => {
    await using opened = await open(redis.url);
    expect(await failure(call(opened.publisher))).toMatchObject({ error });
  });

  it.each([undefined, '', 'localhost', {}, { url: 'redis://a', cluster: [] }])('is no Redis: %j', async (options) => {
    await expect(WscPublisher.open({ redis: options as RedisOptions })).rejects.toThrow(TypeError);
  });
});

describe('a publisher whose Redis is in trouble', () => {
  it('fails within 2 s while Redis is gone, and goes on when it is back', async () => {
    await using own = await startRedis();
    await using opened = await open(own.url);
    const { publisher } = opened;
    await own.kill();
    await until(
      () => publisher.isReady,
      (isReady) => !isReady,
    );
    const startedAt = performance.now();
    expect(await failure(publisher.broadcast({ event: 'e' }))).toMatchObject({
      error: 'WSC_UNAVAILABLE',
      temporary: true,
    });
    expect(performance.now() - startedAt).toBeLessThan(lifeSpanMs);
    await own.restart({ keepData: false });
    await until(() => publisher.isReady, Boolean, { everyMs: 10 });
    await expect(publisher.broadcast({ event: 'e' })).resolves.toMatchObject({ nodes: 0 });
  });

  it('says that it does not know, within 2 s, where Redis does not answer', async () => {
    await using own = await startRedis();
    await using opened = await open(own.url);
    own.pause();
    const startedAt = performance.now();
    const error = await failure(opened.publisher.broadcast({ event: 'e' }));
    own.resume();
    expect(error).toMatchObject({ error: 'WSC_TIMEOUT', temporary: true });
    expect(performance.now() - startedAt).toBeLessThan(lifeSpanMs);
  });

  it('refuses at once what a slow Redis would have it pile up', async () => {
    await using own = await startRedis();
    await using opened = await open(own.url);
    own.pause();
    const data = 'x'.repeat(4_000_000);
    const settled: unknown[] = [];
    const send = async () => settled.push(await failure(opened.publisher.broadcast({ event: 'e', data })));
    await Promise.all(Array.from({ length: 9 }, send));
    own.resume();
    // The ninth would have been over 32 MiB; the others had to wait for their time-out.
    expect(settled).toMatchObject(
      ['WSC_UNAVAILABLE', ...Array<string>(8).fill('WSC_TIMEOUT')].map((error) => ({ error })),
    );
  });

  it('ends nothing when nobody awaits a call that fails, but says so', async () => {
    const lines: unknown[] = [];
    await using opened = await open(redis.url, lines);
    void opened.publisher.toUser('a b', { event: 'e' });
    await nextTurn();
    expect(lines).toEqual(['A message was not published.']);
  });
});

describe('closing a publisher', () => {
  it('lets out what was published, then refuses', async () => {
    await using heard = await Listener.on(redis, channels.everyone);
    const { publisher } = await open(redis.url);
    const published = publisher.broadcast({ event: 'last' });
    await Promise.all([publisher.close(), publisher.close()]);
    expect((await published).nodes).toBe(1);
    expect(await heard.hear(1)).toHaveLength(1);
    expect(await failure(publisher.broadcast({ event: 'e' }))).toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(publisher.isReady).toBe(false);
  });
});
