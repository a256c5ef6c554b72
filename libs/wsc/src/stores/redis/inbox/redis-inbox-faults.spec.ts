import { FaultProxy } from '../../../../../../test/support/redis/fault-proxy.js';
import { startRedis, type RedisOptions, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { openInbox, type RedisInboxNode } from './inbox-nodes.fixture.js';

const closings: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closings.splice(0).reverse()) await close();
});

async function start(options: RedisOptions = {}) {
  const server = await startRedis(options);
  const proxy = await FaultProxy.start(server);
  const nodes = new RedisNodes({ url: proxy.url });
  closings.push(
    async () => server[Symbol.asyncDispose](),
    async () => proxy[Symbol.asyncDispose](),
    async () => nodes.close(),
  );
  return { server, proxy, nodes, node: await openInbox(nodes) };
}

/** What an attempt is refused with, within the time that is promised. */
async function refusal(attempt: Promise<unknown>): Promise<unknown> {
  const startedAt = performance.now();
  const error = await attempt.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  expect(performance.now() - startedAt).toBeLessThan(2_000);
  return error;
}

async function untilItWorks({ inbox }: RedisInboxNode): Promise<void> {
  const isBack = async (): Promise<boolean> =>
    inbox.size('somebody').then(
      () => true,
      () => false,
    );
  await until(isBack, Boolean, { everyMs: 20 });
}

async function restart(server: RedisServer, node: RedisInboxNode, keepData: boolean): Promise<void> {
  await server.kill();
  await server.restart({ keepData });
  await untilItWorks(node);
}

const unavailable = expect.objectContaining({ error: 'WSC_UNAVAILABLE', temporary: true });

describe('the inbox on a Redis that is gone', () => {
  it('refuses everything within 2 s, and works when it is back', async () => {
    const { server, node } = await start();
    const { inbox, store, idsFor } = node;
    await store('ann', '1');
    await server.kill();
    // The first command may have been on its way before the end of the connection was seen.
    expect(await refusal(store('ann', '2'))).toMatchObject({ temporary: true });
    expect(await refusal(store('ann', '2'))).toEqual(unavailable);
    expect(await refusal(idsFor('ann'))).toEqual(unavailable);
    expect(await refusal(inbox.acknowledge('ann', 'phone', ['1']))).toEqual(unavailable);
    expect(await refusal(inbox.acknowledgeUpTo('ann', 'phone', { offset: 1, epoch: '' }))).toEqual(unavailable);
    expect(await refusal(inbox.deadLetters('ann'))).toEqual(unavailable);
    expect(await refusal(inbox.takeDeadLetter('ann', '1'))).toEqual(unavailable);
    expect(await refusal(inbox.size('ann'))).toEqual(unavailable);
    await server.restart({ keepData: false });
    await untilItWorks(node);
    await store('ann', '3');
    expect(await idsFor('ann')).toEqual(['3']);
  });

  it('says that it is not known whether a message is kept where the answer is lost; a repeat is one', async () => {
    const { proxy, server, node } = await start();
    await node.store('ann', '1');
    proxy.blackHole('toClient');
    expect(await refusal(node.store('ann', '2'))).toMatchObject({ error: 'WSC_TIMEOUT', temporary: true });
    await proxy.heal();
    await untilItWorks(node);
    expect(await node.store('ann', '2')).toMatchObject({ status: 'repeated', position: { offset: 2 } });
    expect(await node.idsFor('ann')).toEqual(['1', '2']);
    await server.ask('SCRIPT', 'FLUSH');
    expect(await node.store('ann', '3')).toMatchObject({ status: 'stored', position: { offset: 3 } });
  });

  it('refuses at once what would be too much to keep until it answers', async () => {
    const { server, node } = await start();
    await node.store('ann', '0');
    server.pause();
    const megabyte = 'x'.repeat(1_048_576);
    const attempts = Array.from({ length: 40 }, async (_, index) => node.store('ann', `m${String(index)}`, megabyte));
    const refusals = (await Promise.allSettled(attempts)).map((each): unknown =>
      each.status === 'rejected' ? each.reason : each.value,
    );
    server.resume();
    expect(refusals.slice(0, 30)).toEqual(Array(30).fill(expect.objectContaining({ error: 'WSC_TIMEOUT' })));
    expect(refusals.slice(32)).toEqual(Array(8).fill(unavailable));
  });
});

describe('the inbox on a Redis that has lost something', () => {
  it('begins a new epoch when all is flushed, and takes no position of the old one', async () => {
    const { server, node } = await start();
    const { position } = await node.store('ann', '1');
    await server.flush();
    const after = await node.store('ann', '2');
    expect(after.position).toEqual({ offset: 1, epoch: expect.not.stringMatching(position.epoch) as unknown });
    expect(await node.inbox.acknowledgeUpTo('ann', 'phone', position)).toBe(false);
    expect(await node.idsFor('ann')).toEqual(['2']);
    expect(await node.inbox.acknowledgeUpTo('ann', 'phone', after.position)).toBe(true);
    expect(await node.idsFor('ann')).toEqual([]);
  });

  it('keeps what is left after a restart, at its offsets, and takes no position of before', async () => {
    const { server, node } = await start({ config: { appendonly: 'yes', appendfsync: 'everysec' } });
    await node.store('ann', '1');
    const { position } = await node.store('ann', '2');
    await server.stop();
    await restart(server, node, true);
    expect(await node.inbox.acknowledgeUpTo('ann', 'phone', position)).toBe(false);
    expect(await node.idsFor('ann')).toEqual(['1', '2']);
    const after = await node.store('ann', '3');
    expect(after.position.offset).toBe(3);
    expect(after.position.epoch).not.toBe(position.epoch);
  });

  it('goes on in its epoch where each change was on the disk', async () => {
    const { server, node } = await start({ config: { appendonly: 'yes', appendfsync: 'always' } });
    const { position } = await node.store('ann', '1');
    await restart(server, node, true);
    expect((await node.store('ann', '2')).position).toEqual({ ...position, offset: 2 });
    expect(await node.inbox.acknowledgeUpTo('ann', 'phone', position)).toBe(true);
    expect(await node.idsFor('ann')).toEqual(['2']);
  });
});

describe('the inbox on a Redis without memory', () => {
  it('refuses a message as a whole, lets devices read and acknowledge, and goes on once there is some', async () => {
    const { server, node } = await start();
    await node.idsFor('ann', 'tablet');
    for (const id of ['1', '2']) await node.store('ann', id);
    await server.setConfig('maxmemory', 1);
    expect(await refusal(node.store('ann', '3'))).toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await refusal(node.store('bob', '1'))).toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await server.ask('EXISTS', ...node.connections.names.inboxKeys('bob'))).toBe(0);
    expect(await node.idsFor('ann', 'phone')).toEqual(['1', '2']);
    expect(await node.inbox.acknowledge('ann', 'phone', ['1'])).toEqual(['1']);
    expect(await node.inbox.acknowledge('ann', 'tablet', ['1'])).toEqual(['1']);
    expect(await node.inbox.size('ann')).toEqual({ messages: 1, deadLetters: 0 });
    await server.setConfig('maxmemory', 0);
    expect(await node.store('ann', '3')).toMatchObject({ status: 'stored', position: { offset: 3 } });
    expect(await node.idsFor('ann', 'tablet')).toEqual(['2', '3']);
  });
});
