import { WscError } from '@nest-wsc/protocol';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { withResolver } from '../../../core/async/with-resolver.js';
import type { IngestListener } from '../../../core/ports/ingest.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import {
  heardBy,
  openStream,
  startIngestNode,
  type IngestNode,
  type IngestNodeOptions,
} from './ingest-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;
let stream: ReturnType<typeof openStream>;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
  stream = openStream(server);
});
afterEach(async () => {
  await nodes.close();
  await server.flush();
});
afterAll(async () => server[Symbol.asyncDispose]());

const start = (options?: IngestNodeOptions) => startIngestNode(nodes, { url: server.url }, options);
const invoice = (no: number, more: Readonly<Record<string, string>> = {}) =>
  stream.add({ to: 'user:ann', event: 'invoice', data: String(no), durable: '1', ...more });
const numbers = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const keptFor = ({ test }: IngestNode, userId: string) =>
  test.hub.inboxes.size(userId).then(({ messages }) => messages);

/** Runs `after` each time that something was sent. */
const afterSend =
  (after: (count: number) => unknown) =>
  (listener: IngestListener): IngestListener => {
    let count = 0;
    return {
      isKept: (ingested) => listener.isKept(ingested),
      send: async (ingested) => {
        await listener.send(ingested);
        await after((count += 1));
      },
    };
  };

describe('what programs in any language write to the open stream', () => {
  it('takes effect once, in its order, however many nodes there are', async () => {
    const [one, two] = [await start(), await start()];
    const ann = await two.test.connect({ userId: 'ann' });
    for (const no of numbers(20)) await invoice(no);
    expect(await heardBy(two.test, ann, 20)).toEqual(numbers(20));
    await stream.taken();
    expect(await keptFor(one, 'ann')).toBe(20);
  });

  it('reaches rooms with history and without, and everyone', async () => {
    const { test } = await start();
    const ann = await test.connect({ userId: 'ann' });
    await test.hub.join(ann.connection.id, 'order:1');
    await test.hub.join(ann.connection.id, 'live:1');
    await stream.add({ to: 'room:order:1', event: 'moved', data: '"kept"', from: 'bob', from_name: 'Bob' });
    await stream.add({ to: 'room:live:1', event: 'moved', data: '"live"' });
    await stream.add({ to: 'all', event: 'news', data: '"all"' });
    expect([...(await heardBy(test, ann, 3))].sort()).toEqual(['all', 'kept', 'live']);
    const kept = ann.messages.find(({ data }) => data === 'kept');
    expect(kept).toMatchObject({ room: 'order:1', offset: 1, from: 'bob', fromName: 'Bob' });
  });

  it.each([
    ['an inbox', { to: 'user:ann', durable: '1' }],
    ['a room with history', { to: 'room:order:1' }],
    ['nothing that keeps it', { to: 'user:ann' }],
  ])('counts once for each id with %s', async (_, destination) => {
    const { test } = await start();
    const ann = await test.connect({ userId: 'ann' });
    await test.hub.join(ann.connection.id, 'order:1');
    const write = (id: string) => stream.add({ ...destination, event: 'invoice', data: `"${id}"`, id });
    for (const id of ['a', 'a', 'b', 'a']) await write(id);
    await stream.taken();
    expect(await heardBy(test, ann, 2)).toEqual(['a', 'b']);
  });

  it('waits for the first node', async () => {
    await invoice(1);
    const node = await start();
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(1);
  });

  it('is taken up by another node where one dies, and counts once where that one had kept it', async () => {
    const dead = withResolver<undefined>();
    const one: IngestNode = await start({
      around: afterSend(async (count) => {
        if (count !== 3) return;
        await one.kill();
        dead.resolve(undefined);
      }),
    });
    for (const no of numbers(10)) await invoice(no);
    await dead.promise;
    const two = await start();
    const ann = await two.test.connect({ userId: 'ann' });
    expect(await heardBy(two.test, ann, 10)).toEqual(numbers(10));
    await stream.taken();
    expect(await keptFor(two, 'ann')).toBe(10);
  });

  it('is taken up at once where a node is closed', async () => {
    const one = await start({ leaseMs: 20_000 });
    await invoice(1);
    await stream.taken();
    await one.test.hub.close();
    const two = await start({ leaseMs: 20_000 });
    await invoice(2);
    await stream.taken();
    expect(await keptFor(two, 'ann')).toBe(2);
  });

  it('goes on once Redis is back', async () => {
    const node = await start();
    await invoice(1);
    await stream.taken();
    await server.restart({ keepData: true });
    await invoice(2);
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(2);
  });

  it('goes on where the stream was deleted', async () => {
    const node = await start();
    await invoice(1);
    await stream.taken();
    await server.ask('DEL', 'websocket:ingest');
    await invoice(2);
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(2);
  });

  it('leaves nothing for ever in a Redis to which nobody writes', async () => {
    const node = await start();
    await until(
      async () => server.ask('EXISTS', 'websocket:ingest:reader'),
      (count) => count === 1,
    );
    await node.test.hub.close();
    expect(await server.ask('KEYS', 'websocket:*')).toEqual([]);
  });
});

describe('an entry that can not be sent', () => {
  it('is moved aside with the reason, and holds nothing up', async () => {
    const node = await start();
    await stream.add({ to: 'user:ann', event: 'invoice', data: 'secret' });
    await stream.add({ to: 'user:ann', event: 'invoice', dureable: '1' });
    await invoice(1);
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(1);
    const rejected = await stream.rejected();
    expect(rejected).toEqual([
      expect.stringMatching(/data secret rejected_id \d+-\d reason "data" must be JSON/),
      expect.stringContaining('reason Fields may be'),
    ]);
    expect(node.ingest.faults).toBe(2);
    expect(node.node.logger.messages('warn')).toHaveLength(2);
    expect(JSON.stringify(node.node.logger.lines)).not.toContain('secret');
    expect(Number(await server.ask('TTL', 'websocket:ingest:rejected'))).toBeGreaterThan(0);
  });

  it('is moved aside without its fields where they are very many', async () => {
    const node = await start();
    const fields = Array.from({ length: 8_200 }, () => '');
    await server.ask('XADD', 'websocket:ingest', '*', ...fields);
    await invoice(1);
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(1);
    expect(await stream.rejected()).toEqual([expect.stringMatching(/^\S+ rejected_id \S+ reason /)]);
  });

  it('holds nobody else up, however many wait for the same full inbox', async () => {
    // Ann's first one waits so long that nothing of hers is done before Bob's.
    const node = await start({ inboxMessages: 1, firstRetryMs: 60_000 });
    await Promise.all(numbers(600).map((no) => invoice(no)));
    await stream.add({ to: 'user:bob', event: 'invoice', durable: '1' });
    await until(
      () => keptFor(node, 'bob'),
      (count) => count === 1,
      { patienceMs: 4_000 },
    );
    expect(await stream.length()).toBe(599);
  });

  it('is tried again while the inbox is full, and others are not held up', async () => {
    const node = await start({ inboxMessages: 1, firstRetryMs: 100 });
    await invoice(1);
    await invoice(2);
    await stream.add({ to: 'user:bob', event: 'invoice', durable: '1' });
    await until(
      () => keptFor(node, 'bob'),
      (count) => count === 1,
    );
    expect(await stream.length()).toBe(1);
    const ann = await node.test.connect({ userId: 'ann' });
    const [first] = await heardBy(node.test, ann, 1);
    expect(first).toBe(1);
    await ann.send({ type: 'ack', ids: ann.messages.map(({ id }) => id) });
    expect(await heardBy(node.test, ann, 2)).toEqual([1, 2]);
    await stream.taken();
    expect(await stream.rejected()).toEqual([]);
  });

  it('is moved aside where the inbox stays full, and so is at once what is behind it', async () => {
    const node = await start({ inboxMessages: 1 });
    for (const no of numbers(20)) await invoice(no);
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(1);
    const rejected = await stream.rejected();
    expect(rejected).toHaveLength(19);
    expect(rejected[0]).toContain('WSC_LIMIT_EXCEEDED');
  });

  it('is tried for as long as a store is away', async () => {
    let isAway = true;
    let attempts = 0;
    const around = (listener: IngestListener): IngestListener => ({
      isKept: (ingested) => listener.isKept(ingested),
      send: (ingested) => {
        attempts += 1;
        if (isAway) throw new WscError('WSC_UNAVAILABLE');
        return listener.send(ingested);
      },
    });
    const node = await start({ around, firstRetryMs: 1 });
    await invoice(1);
    await until(
      () => attempts,
      (count) => count > 10,
    );
    isAway = false;
    await stream.taken();
    expect(await keptFor(node, 'ann')).toBe(1);
    expect(await stream.rejected()).toEqual([]);
  });

  it('is not overtaken by what is for the same destination while it is tried again', async () => {
    let failures = 3;
    const around = (listener: IngestListener): IngestListener => ({
      isKept: (ingested) => listener.isKept(ingested),
      send: (ingested) => {
        if (ingested.message.data === 1 && (failures -= 1) >= 0) throw new WscError('WSC_TIMEOUT');
        return listener.send(ingested);
      },
    });
    const { test } = await start({ around });
    const ann = await test.connect({ userId: 'ann' });
    for (const no of numbers(3)) await invoice(no);
    expect(await heardBy(test, ann, 3)).toEqual(numbers(3));
  });

  it('is moved aside where an interceptor throws', async () => {
    const { test } = await start();
    test.hub.interceptors.add({
      outbound: () => {
        throw new Error('not this one');
      },
    });
    await invoice(1);
    await stream.taken();
    expect(await stream.rejected()).toEqual([expect.stringContaining('reason WSC_INTERNAL: not this one')]);
  });
});
