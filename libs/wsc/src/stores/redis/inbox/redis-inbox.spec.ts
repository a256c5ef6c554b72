import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { defaultInboxLimits, unnamedDevice } from '../../../core/ports/inbox.js';
import { describeInbox, inboxContractMaxMessages } from '../../../testing/contracts/inbox.contract.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openInbox, type RedisInboxNode } from './inbox-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

const week = 604_800_000;
const limits = { ...defaultInboxLimits, maxMessages: inboxContractMaxMessages };

describeInbox('Redis', async () => [await openInbox(nodes, limits), await openInbox(nodes, limits)]);

const keysOf = ({ connections }: RedisInboxNode, userId: string) => {
  const [position = '', , expiry = '', , texts = '', devices = ''] = connections.names.inboxKeys(userId);
  return { position, expiry, texts, devices };
};

describe('the inbox on Redis', () => {
  it('leaves nothing without an end, and nothing that ends before what it keeps', async () => {
    const node = await openInbox(nodes);
    const { inbox, connections, idsFor, store } = node;
    await idsFor('ann', 'tablet');
    for (const id of ['1', '2', '3']) await store('ann', id);
    await inbox.acknowledge('ann', 'phone', ['1', '2']);
    await inbox.acknowledge('ann', 'tablet', ['1']);
    await inbox.store('ann', { message: testMessage('long'), timeToLiveMs: 5 * week });
    await server.ask('ZADD', keysOf(node, 'ann').expiry, Date.now() - 1_000, '3');
    await inbox.size('ann');
    const keys = (await server.ask('KEYS', `${nodes.prefix}:*`)) as string[];
    expect(keys.sort()).toEqual([...connections.names.inboxKeys('ann')].sort());
    const ends = await Promise.all(keys.map(async (key) => server.ask('PEXPIRETIME', key)));
    expect(new Set(ends).size).toBe(1);
    expect(Number(ends[0])).toBeGreaterThan(Date.now() + 6 * week - 60_000);
  });

  it('begins nothing for who only looks', async () => {
    const { inbox } = await openInbox(nodes);
    await inbox.size('ann');
    await inbox.deadLetters('ann');
    await inbox.takeDeadLetter('ann', '1');
    expect(await server.ask('KEYS', `${nodes.prefix}:*`)).toEqual([]);
  });

  it('takes any text for a user, a device or an id', async () => {
    const node = await openInbox(nodes);
    const odd = ['a b', '{p1}', '*', 'ü👋', '-inf', '0', "'; return 1 --", 'a:b'];
    for (const text of odd) {
      await node.store(text, text);
      expect(await node.idsFor(text, text)).toEqual([text]);
      expect(await node.inbox.acknowledge(text, text, [text])).toEqual([text]);
      expect(await node.idsFor(text, text)).toEqual([]);
    }
  });

  it('does not wait for a device that was not seen for a week', async () => {
    const node = await openInbox(nodes, { maxMessages: 2, timeToLiveMs: week });
    await node.idsFor('ann', 'old phone');
    await node.store('ann', '1');
    await node.store('ann', '2');
    await node.inbox.acknowledge('ann', 'phone', ['1']);
    expect(await node.inbox.size('ann')).toEqual({ messages: 2, deadLetters: 0 });
    await server.ask('ZADD', keysOf(node, 'ann').devices, Date.now() - week, '0old phone');
    await node.store('ann', '3');
    expect(await node.idsFor('ann', 'phone')).toEqual(['2', '3']);
    expect(await node.idsFor('ann', 'old phone')).toEqual(['2', '3']);
  });

  it('does not wait for an unnamed device that was not seen for five minutes', async () => {
    const node = await openInbox(nodes);
    await node.idsFor('ann', unnamedDevice);
    const { devices } = keysOf(node, 'ann');
    const [member = '', seenAt] = (await server.ask('ZRANGE', devices, 0, -1, 'WITHSCORES')) as string[];
    await node.store('ann', '1');
    await node.inbox.acknowledge('ann', 'phone', ['1']);
    await server.ask('ZADD', devices, Number(seenAt) - 240_000, member);
    expect(await node.inbox.size('ann')).toEqual({ messages: 1, deadLetters: 0 });
    await server.ask('ZADD', devices, Number(seenAt) - 300_000, member);
    expect(await node.inbox.size('ann')).toEqual({ messages: 0, deadLetters: 0 });
    expect(await server.ask('ZCARD', devices)).toBe(1);
  });

  it('leaves nothing of an unnamed device for whom nothing came, five minutes after it was seen', async () => {
    const node = await openInbox(nodes);
    expect(await node.idsFor('ann', unnamedDevice)).toEqual([]);
    const keys = (await server.ask('KEYS', `${nodes.prefix}:*`)) as string[];
    expect(keys).not.toEqual([]);
    for (const key of keys) {
      const lifetimeMs = Number(await server.ask('PTTL', key));
      expect(lifetimeMs).toBeGreaterThan(0);
      expect(lifetimeMs).toBeLessThanOrEqual(300_000);
    }
  });

  it('gives the bit of a forgotten device to another, without its acknowledgements', async () => {
    const node = await openInbox(nodes);
    for (let index = 0; index < 10; index += 1) await node.idsFor('ann', `device ${String(index)}`);
    await node.store('ann', '1');
    await node.store('ann', '2');
    await node.inbox.acknowledge('ann', 'device 0', ['1']);
    await node.idsFor('ann', 'device 10');
    expect(await node.idsFor('ann', 'device 10')).toEqual(['2']);
    await node.store('ann', '3');
    expect(await node.idsFor('ann', 'device 0')).toEqual(['2', '3']);
  });

  it('forgets a dead letter after a week', async () => {
    const node = await openInbox(nodes);
    for (const id of ['1', '2', '3']) await node.store('ann', id);
    const { expiry } = keysOf(node, 'ann');
    await server.ask('ZADD', expiry, Date.now() - week - 1, '1', Date.now() - week + 60_000, '2');
    const [letter, ...others] = await node.inbox.deadLetters('ann');
    expect([letter?.message.id, letter?.reason, others]).toEqual(['2', 'expired', []]);
  });

  it('counts what it finds dead, whatever it is called for, and once on all nodes', async () => {
    const node = await openInbox(nodes);
    const other = await openInbox(nodes);
    const { expiry } = keysOf(node, 'ann');
    const calls = [
      () => node.idsFor('ann'),
      () => node.store('ann', 'next'),
      () => node.inbox.acknowledge('ann', 'phone', []),
      () => node.inbox.size('ann'),
    ];
    for (const [index, call] of calls.entries()) {
      const ids = [`a${String(index)}`, `b${String(index)}`];
      for (const id of ids) await other.store('ann', id);
      await server.ask('ZADD', expiry, ...ids.flatMap((id) => [1, id]));
      await call();
    }
    await other.inbox.deadLetters('ann');
    expect([node.inbox.deadLetterCount, other.inbox.deadLetterCount]).toEqual([8, 0]);
  });

  it('knows the latest thousand messages again that all devices have', async () => {
    const node = await openInbox(nodes);
    const ids = Array.from({ length: 1_001 }, (_, index) => `m${String(index)}`);
    for (const id of ids) {
      await node.store('ann', id);
      await node.inbox.acknowledge('ann', 'phone', [id]);
    }
    expect(await node.store('ann', 'm1')).toMatchObject({ status: 'repeated', position: { offset: 2 } });
    expect(await node.store('ann', 'm0')).toMatchObject({ status: 'stored', position: { offset: 1_002 } });
  });

  it('leaves out what somebody else has written', async () => {
    const node = await openInbox(nodes);
    await node.store('ann', '1');
    await node.store('ann', '2');
    await server.ask('HSET', keysOf(node, 'ann').texts, '1', '{"id":7}');
    expect(await node.idsFor('ann')).toEqual(['2']);
  });

  it('begins anew where Redis has evicted its position', async () => {
    const node = await openInbox(nodes);
    const { position } = await node.store('ann', '1');
    await server.ask('DEL', keysOf(node, 'ann').position);
    const after = await node.store('ann', '2');
    expect(after.position.offset).toBe(1);
    expect(after.position.epoch).not.toBe(position.epoch);
    expect(await node.idsFor('ann')).toEqual(['2']);
  });
});
