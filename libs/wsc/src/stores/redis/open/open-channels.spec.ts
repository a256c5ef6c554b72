import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import type { OutboundMessage } from '../../../core/messages/message.js';
import type { Destination } from '../../../core/ports/broker.js';
import { BrokerNode } from '../broker/broker-nodes.fixture.js';

const ann = { kind: 'user', userId: 'auth0|ann' } as const;
const room = { kind: 'room', room: 'chat:1' } as const;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

async function start(options: { readonly openPrefix?: string } = {}) {
  const node = await BrokerNode.open({ url: redis.url, ...options });
  const heard: { readonly destination: Destination; readonly message: OutboundMessage }[] = [];
  node.openChannels.listen((destination, message) => heard.push({ destination, message }));
  await node.start(() => ({ queued: 0, dropped: 0 }));
  const publish = (channel: string, payload: unknown) =>
    redis.ask('PUBLISH', channel, typeof payload === 'string' ? payload : JSON.stringify(payload));
  const events = () => heard.map(({ message }) => message.event);
  return { node, heard, publish, events, [Symbol.asyncDispose]: () => node.close() };
}

describe('an open channel', () => {
  it('reaches everyone, and the users and rooms that this node hosts', async () => {
    await using one = await start();
    await one.node.subscribe(ann);
    await one.node.subscribe(room);
    expect(await one.publish('websocket:broadcast', { event: 'all', data: 1 })).toBe(1);
    expect(await one.publish('websocket:user:auth0|ann', { type: 'mine', content: { n: 1 }, from: 'bob' })).toBe(1);
    expect(await one.publish('websocket:room:chat:1', { event: 'ours', id: 'm1', priority: 'high' })).toBe(1);
    expect(await one.publish('websocket:user:bob', { event: 'other' })).toBe(0);
    await until(
      () => one.heard.length,
      (count) => count === 3,
    );
    expect(one.heard).toMatchObject([
      { destination: { kind: 'everyone' }, message: { event: 'all', data: 1, priority: 'normal' } },
      { destination: ann, message: { event: 'mine', data: { n: 1 }, from: 'bob' } },
      { destination: room, message: { event: 'ours', id: 'm1', room: 'chat:1', data: null, priority: 'high' } },
    ]);
  });

  it('takes the whole object for a notification', async () => {
    await using one = await start();
    await one.node.subscribe(ann);
    await one.publish('websocket:notification:auth0|ann', { id: 'n1', title: 'Shipped', body: 'On its way' });
    await until(
      () => one.heard.length,
      (count) => count === 1,
    );
    const data = { id: 'n1', title: 'Shipped', body: 'On its way' };
    expect(one.heard).toMatchObject([{ destination: ann, message: { id: 'n1', event: 'notification', data } }]);
  });

  it('gives two messages of the same content two ids, so that no client drops one as a repetition', async () => {
    await using one = await start();
    await one.publish('websocket:broadcast', { event: 'tick' });
    await one.publish('websocket:broadcast', { event: 'tick' });
    await until(
      () => one.heard.length,
      (count) => count === 2,
    );
    expect(new Set(one.heard.map(({ message }) => message.id)).size).toBe(2);
  });

  it('counts what can not be read, logs it once, and goes on', async () => {
    await using one = await start();
    for (const bad of ['hello', 'hello', '{"event":"a b"}', '{}']) await one.publish('websocket:broadcast', bad);
    await one.publish('websocket:broadcast', { event: 'good' });
    await until(one.events, (events) => events.length === 1);
    expect(one.node.openChannels.faults).toBe(4);
    expect(one.node.logger.messages('warn')).toHaveLength(2);
    expect(JSON.stringify(one.node.logger.lines)).not.toContain('hello');
  });

  it('has the prefix that was chosen, or is not there', async () => {
    await using other = await start({ openPrefix: 'push' });
    await using none = await start({ openPrefix: '' });
    await none.node.subscribe(ann);
    expect(await other.publish('push:broadcast', { event: 'e' })).toBe(1);
    expect(await other.publish('websocket:user:auth0|ann', { event: 'e' })).toBe(0);
  });
});
