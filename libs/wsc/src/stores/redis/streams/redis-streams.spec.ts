import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { describeStreams } from '../../../testing/contracts/streams.contract.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openStreams } from './streams-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;
beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

describeStreams('Redis', async () => [await openStreams(nodes), await openStreams(nodes)]);

const room = 'chat:1';
const all = { maxMessages: 100, maxBytes: 1_000_000 };
const limits = { maxMessages: 100, timeToLiveMs: 60_000 };

describe('the Redis streams', () => {
  it('keep nothing for ever', async () => {
    const { streams } = await openStreams(nodes);
    const once = { key: 'k', windowMs: 1_000 };
    await streams.append(room, { message: testMessage('1'), limits, once, version: { key: 'ann', value: 1 } });
    await streams.tops(['chat:2']);
    await streams.readFromStart('chat:3', all);
    const keys = await server.ask('KEYS', `${nodes.prefix}:*`);
    if (!Array.isArray(keys)) throw new Error('KEYS answers a list.');
    const lifetimes = await Promise.all(keys.map(async (key) => server.ask('PTTL', String(key))));
    expect(lifetimes).toHaveLength(7);
    for (const lifetime of lifetimes) expect(lifetime).toBeGreaterThan(0);
  });

  it('know a position much longer than the messages', async () => {
    const { streams, connections } = await openStreams(nodes);
    const { position } = await streams.append(room, { message: testMessage('1'), limits });
    const { names } = connections;
    expect(await server.ask('PTTL', names.streamPositionKey(room))).toBeGreaterThan(7 * 86_400_000);
    await server.ask('DEL', names.streamKey(room));
    expect(await streams.read(room, { ...position, offset: 0 }, all)).toEqual({ status: 'trimmed', top: position });
    expect(await streams.read(room, position, all)).toEqual({ status: 'ok', entries: [], top: position });
    const next = await streams.append(room, { message: testMessage('2'), limits });
    expect(next.position).toEqual({ ...position, offset: 2 });
  });

  it('know the position of a room without messages for an hour after it was asked for', async () => {
    const { streams, connections } = await openStreams(nodes);
    const lifetime = async () => server.ask('PTTL', connections.names.streamPositionKey(room));
    const [position] = await streams.tops([room]);
    const hourMs = 3_600_000;
    expect(await lifetime()).toBeLessThanOrEqual(hourMs);
    await server.ask('PEXPIRE', connections.names.streamPositionKey(room), 60_000);
    expect(await streams.tops([room])).toEqual([position]);
    expect(await lifetime()).toBeGreaterThan(hourMs / 2);
    await streams.append(room, { message: testMessage('1'), limits });
    expect(await lifetime()).toBeGreaterThan(hourMs);
  });

  it('keep the position of a room that is quiet and asked for', async () => {
    const { streams, connections } = await openStreams(nodes);
    const { position } = await streams.append(room, { message: testMessage('1'), limits });
    const key = connections.names.streamPositionKey(room);
    await server.ask('PEXPIRE', key, 60_000);
    expect(await streams.tops([room])).toEqual([position]);
    expect(await server.ask('PTTL', key)).toBeGreaterThan(6 * 86_400_000);
  });

  it('do not read what is too old, though it is still there', async () => {
    const { streams, connections } = await openStreams(nodes);
    const write = async (id: string, timeToLiveMs: number) =>
      streams.append(room, { message: testMessage(id), limits: { maxMessages: 100, timeToLiveMs } });
    const { position } = await write('1', 60_000);
    const key = connections.names.streamKey(room);
    await server.ask('XTRIM', key, 'MAXLEN', 0);
    await server.ask('XADD', key, '2-1', 'm', '{}');
    await server.ask('HSET', connections.names.streamPositionKey(room), 'offset', 2);
    await write('3', 60_000);
    const top = { ...position, offset: 3 };
    expect(await streams.read(room, position, all)).toEqual({ status: 'trimmed', top });
    expect((await streams.readFromStart(room, all)).entries.map(({ offset }) => offset)).toEqual([3]);
    expect(await server.ask('XLEN', key)).toBe(1);
  });

  it('give away what is too old as they write, without being read', async () => {
    const { streams, connections } = await openStreams(nodes);
    const write = async (id: number, timeToLiveMs: number) =>
      streams.append(room, { message: testMessage(String(id)), limits: { maxMessages: 100, timeToLiveMs } });
    for (let id = 1; id <= 10; id += 1) await write(id, 1);
    await write(11, 60_000);
    for (let id = 12; id <= 32; id += 1) await write(id, 60_000);
    expect(await server.ask('XLEN', connections.names.streamKey(room))).toBe(22);
    const { entries } = await streams.readFromStart(room, all);
    expect(entries[0]?.offset).toBe(11);
  });

  it('begin another epoch where the position is lost and messages are not', async () => {
    const { streams, connections } = await openStreams(nodes);
    const write = async (id: string) => streams.append(room, { message: testMessage(id), limits });
    const { position } = await write('1');
    await write('2');
    await server.ask('DEL', connections.names.streamPositionKey(room));
    expect((await streams.readFromStart(room, all)).entries).toEqual([]);
    const next = await write('3');
    expect(next.position.offset).toBe(1);
    expect(next.position.epoch).not.toBe(position.epoch);
    const { entries } = await streams.readFromStart(room, all);
    expect(entries.map(({ message }) => message.id)).toEqual(['3']);
  });

  it('take a message that is none for one that is no longer kept', async () => {
    const { streams, connections } = await openStreams(nodes);
    const { position } = await streams.append(room, { message: testMessage('1'), limits });
    const { names } = connections;
    await server.ask('XADD', names.streamKey(room), '2-99999999999999', 'm', '{"id":');
    await server.ask('HSET', names.streamPositionKey(room), 'offset', 2);
    await streams.append(room, { message: testMessage('3'), limits });
    const idsAfter = async (offset: number) => {
      const read = await streams.read(room, { ...position, offset }, all);
      return read.status === 'ok' ? read.entries.map(({ message }) => message.id) : read.status;
    };
    expect(await idsAfter(0)).toEqual(['1']);
    expect(await idsAfter(1)).toBe('trimmed');
    expect(await idsAfter(2)).toEqual(['3']);
    expect((await streams.readFromStart(room, all)).entries.map(({ offset }) => offset)).toEqual([3]);
  });

  it.each([
    ['too large', { data: 'x'.repeat(8_400_000), error: 'WSC_MESSAGE_TOO_LARGE' }],
    ['too deep for a node to read', { data: nested(200), error: 'WSC_INTERNAL' }],
  ])('refuse what is %s', async (_, { data, error }) => {
    const { streams } = await openStreams(nodes);
    const write = streams.append(room, { message: testMessage('1', data), limits });
    await expect(write).rejects.toMatchObject({ error });
    expect((await streams.readFromStart(room, all)).top.offset).toBe(0);
  });
});

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)];
}
