import { FaultProxy } from '../../../../../../test/support/redis/fault-proxy.js';
import { startRedis, type RedisConfig, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import type { StreamWrite, StreamWriteResult } from '../../../core/ports/streams.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openStreams, type RedisStreamsNode } from './streams-nodes.fixture.js';

const room = 'chat:1';
const all = { maxMessages: 1_000, maxBytes: 1_000_000 };
const limits = { maxMessages: 1_000, timeToLiveMs: 600_000 };

const append = async ({ streams }: RedisStreamsNode, id: string, write: Partial<StreamWrite> = {}) =>
  streams.append(room, { message: testMessage(id), limits, ...write });

/** Tries with one key until there is an answer: the way back after a fault has no promised length. */
async function appendAtLast(node: RedisStreamsNode, id: string): Promise<StreamWriteResult> {
  const attempt = () => append(node, id, { once: { key: id, windowMs: 600_000 } }).catch(() => undefined);
  const result = await until(attempt, (answer) => answer !== undefined, { everyMs: 20, patienceMs: 10_000 });
  if (result === undefined) throw new Error('It is not stored.');
  return result;
}

async function idsOf({ streams }: RedisStreamsNode): Promise<readonly string[]> {
  return (await streams.readFromStart(room, all)).entries.map(({ message }) => message.id);
}

interface Fault {
  readonly config: RedisConfig;
  readonly happen: (server: RedisServer) => Promise<void>;
}

const none: RedisConfig = {};
const synced: RedisConfig = { appendonly: 'yes', appendfsync: 'always' };
const crash = async (server: RedisServer): Promise<void> => {
  await server.kill();
  await server.restart({ keepData: true });
};

describe('a Redis that may have lost something', () => {
  it.each<[string, Fault]>([
    ['by a restart without its data', { config: none, happen: (server) => server.restart({ keepData: false }) }],
    ['by a flush', { config: none, happen: (server) => server.flush() }],
    ['by a restart from a snapshot', { config: none, happen: (server) => server.restart({ keepData: true }) }],
    ['by a crash between two syncs', { config: { ...synced, appendfsync: 'everysec' }, happen: crash }],
    ['by a crash while it did not sync', { config: { ...synced, 'no-appendfsync-on-rewrite': 'yes' }, happen: crash }],
  ])('%s begins another epoch, once for all nodes', async (_, { config, happen }) => {
    await using server = await startRedis({ config });
    const nodes = new RedisNodes({ url: server.url });
    const [here, there] = [await openStreams(nodes), await openStreams(nodes)];
    const { position } = await append(here, '1');
    await append(there, '2');
    await happen(server);
    const next = await appendAtLast(here, '3');
    const last = await appendAtLast(there, '4');
    expect(next.position.offset).toBe(1);
    expect(next.position.epoch).not.toBe(position.epoch);
    expect(last.position).toEqual({ ...next.position, offset: 2 });
    expect((await here.streams.read(room, position, all)).status).toBe('epoch');
    expect(await idsOf(there)).toEqual(['3', '4']);
    await nodes.close();
  });

  it('is found out by who only asks', async () => {
    await using server = await startRedis();
    const nodes = new RedisNodes({ url: server.url });
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    await server.restart({ keepData: true });
    const ask = () => node.streams.tops([room]).catch(() => undefined);
    const [top] = (await until(ask, (answer) => answer !== undefined, { everyMs: 20 })) ?? [];
    expect(top?.offset).toBe(0);
    expect(top?.epoch).not.toBe(position.epoch);
    expect(await idsOf(node)).toEqual([]);
    expect((await append(node, '2')).position).toEqual({ ...top, offset: 1 });
    await nodes.close();
  });
});

describe('a Redis that has each change on its disk', () => {
  it('keeps its epochs over crashes', async () => {
    await using server = await startRedis({ config: synced });
    const nodes = new RedisNodes({ url: server.url });
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    await crash(server);
    expect((await appendAtLast(node, '2')).position).toEqual({ ...position, offset: 2 });
    await crash(server);
    const ask = () => node.streams.tops([room]).catch(() => undefined);
    const [top] = (await until(ask, (answer) => answer !== undefined, { everyMs: 20 })) ?? [];
    expect(top).toEqual({ ...position, offset: 2 });
    await crash(server);
    expect((await appendAtLast(node, '3')).position).toEqual({ ...position, offset: 3 });
    expect(await idsOf(node)).toEqual(['1', '2', '3']);
    await nodes.close();
  });

  it('begins others where it comes back as one that has not', async () => {
    await using server = await startRedis({ config: { ...synced, appendfsync: 'everysec' } });
    await server.setConfig('appendfsync', 'always');
    const nodes = new RedisNodes({ url: server.url });
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    await crash(server);
    expect((await appendAtLast(node, '2')).position.epoch).not.toBe(position.epoch);
    await nodes.close();
  });

  it('begins others where a replica might have taken over meanwhile', async () => {
    await using server = await startRedis({ config: synced });
    await using replica = await startRedis({ config: { replicaof: `127.0.0.1 ${server.port}` } });
    expect(replica.isRunning).toBe(true);
    await until(
      async () => (await server.info('replication')).get('connected_slaves'),
      (count) => count === '1',
    );
    const nodes = new RedisNodes({ url: server.url });
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    await crash(server);
    expect((await appendAtLast(node, '2')).position.epoch).not.toBe(position.epoch);
    await nodes.close();
  });
});

describe('the Redis streams', () => {
  let server: RedisServer;
  let nodes: RedisNodes;
  beforeEach(async () => {
    server = await startRedis();
    nodes = new RedisNodes({ url: server.url });
  });
  afterEach(async () => {
    await nodes.close();
    await server[Symbol.asyncDispose]();
  });

  it('store nothing, note nothing and tell nobody while Redis has no memory left, and go on when it has', async () => {
    const node = await openStreams(nodes);
    const heard: string[] = [];
    await node.broker.start(({ message }) => {
      heard.push(message.id);
      return { queued: 0, dropped: 0 };
    });
    await node.broker.subscribe({ kind: 'room', room });
    const { position } = await append(node, '1');
    const extra = { once: { key: 'k', windowMs: 60_000 }, version: { key: 'ann', value: 1 } };
    await server.setConfig('maxmemory', 1);
    await expect(append(node, '2', extra)).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    await expect(node.streams.tops(['new'])).rejects.toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(await node.streams.tops([room])).toEqual([position]);
    expect(await idsOf(node)).toEqual(['1']);
    await server.setConfig('maxmemory', 0);
    expect(await append(node, '2', extra)).toEqual({ status: 'stored', id: '2', position: { ...position, offset: 2 } });
    await until(
      () => heard.join(),
      (ids) => ids === '1,2',
    );
  });

  it('answer what is stored also where Redis lets nobody be told of it, and store a repeat once', async () => {
    await server.ask('ACL', 'SETUSER', 'mute', 'on', 'nopass', '+@all', '~*', 'resetchannels');
    const url = new URL(server.url);
    url.username = 'mute';
    url.password = 'any';
    const mute = new RedisNodes({ url: url.href });
    const node = await openStreams(mute);
    const once = { key: 'k', windowMs: 60_000 };
    const first = await append(node, '1', { once });
    const repeat = await append(node, '2', { once });
    expect([first.status, repeat.status]).toEqual(['stored', 'repeated']);
    expect(repeat.position).toEqual(first.position);
    expect(await idsOf(node)).toEqual(['1']);
    await mute.close();
  });

  it('go on where Redis has forgotten the scripts', async () => {
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    await server.ask('SCRIPT', 'FLUSH');
    const results = await Promise.all(['2', '3', '4'].map((id) => append(node, id)));
    expect(new Set(results.map(({ position: { offset } }) => offset))).toEqual(new Set([2, 3, 4]));
    await server.ask('SCRIPT', 'FLUSH');
    expect(await node.streams.tops([room])).toEqual([{ ...position, offset: 4 }]);
  });

  it('fail soon, for certain, while Redis is gone', async () => {
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    await server.kill();
    await until(
      () => node.connections.problem,
      (problem) => problem !== undefined,
    );
    const unavailable = { error: 'WSC_UNAVAILABLE', temporary: true };
    const startedAt = performance.now();
    await expect(append(node, '2')).rejects.toMatchObject(unavailable);
    await expect(node.streams.read(room, position, all)).rejects.toMatchObject(unavailable);
    await expect(node.streams.readFromStart(room, all)).rejects.toMatchObject(unavailable);
    await expect(node.streams.tops([room])).rejects.toMatchObject(unavailable);
    await expect(node.streams.delete(room)).rejects.toMatchObject(unavailable);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('the Redis streams, over a network that fails', () => {
  let server: RedisServer;
  let proxy: FaultProxy;
  let nodes: RedisNodes;
  beforeEach(async () => {
    server = await startRedis();
    proxy = await FaultProxy.start(server);
    nodes = new RedisNodes({ url: proxy.url });
  });
  afterEach(async () => {
    await nodes.close();
    await proxy[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  it.each(['toClient', 'toServer'] as const)('say that they do not know, and store it once: %s', async (direction) => {
    const node = await openStreams(nodes);
    const { position } = await append(node, '1');
    proxy.blackHole(direction);
    const startedAt = performance.now();
    const once = { key: '2', windowMs: 60_000 };
    await expect(append(node, '2', { once })).rejects.toMatchObject({ error: 'WSC_TIMEOUT' });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await proxy.heal();
    const again = await appendAtLast(node, '2');
    expect(again.position).toEqual({ ...position, offset: 2 });
    if (direction === 'toClient') expect(again.status).toBe('repeated');
    expect((await appendAtLast(node, '3')).position).toEqual({ ...position, offset: 3 });
    expect(await idsOf(node)).toEqual(['1', '2', '3']);
  });

  it('store each message once, however often connections break', async () => {
    const writers = [await openStreams(nodes), await openStreams(nodes)];
    const writing = new AbortController();
    const breaking = (async () => {
      while (!writing.signal.aborted) {
        const before = proxy.bytesToServer;
        await until(
          () => proxy.bytesToServer - before,
          (bytes) => bytes > 20_000 || writing.signal.aborted,
        );
        proxy.reset();
      }
    })();
    const write = async (writer: number): Promise<readonly StreamWriteResult[]> => {
      const results: StreamWriteResult[] = [];
      const node = writers[writer];
      for (let index = 0; node !== undefined && index < 100; index += 1) {
        results.push(await appendAtLast(node, `${String(writer)}-${String(index)}`));
      }
      return results;
    };
    const results = (await Promise.all([write(0), write(1)])).flat();
    writing.abort();
    await breaking;
    const ids = await until(
      () => idsOf(writers[0]!).catch(() => []),
      (read) => read.length > 0,
      { everyMs: 20 },
    );
    expect(ids).toHaveLength(results.length);
    for (const { id, position } of results) expect(ids[position.offset - 1]).toBe(id);
  });
});
