import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { describeBroker } from '../../../testing/contracts/broker.contract.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { BrokerNode, localCount } from './broker-nodes.fixture.js';

const room = { kind: 'room', room: 'chat:1' } as const;
const everyone = { kind: 'everyone' } as const;

let redis: RedisServer;
beforeAll(async () => {
  redis = await startRedis();
});
afterAll(() => redis[Symbol.asyncDispose]());

const publishCalls = async (): Promise<number> => {
  const field = (await redis.info('commandstats')).get('cmdstat_publish') ?? 'calls=0';
  return Number(/calls=(\d+)/.exec(field)?.[1]);
};
const subscriberCount = async (channel: string): Promise<number> => {
  const [, count] = (await redis.ask('PUBSUB', 'NUMSUB', channel)) as readonly [string, number];
  return count;
};

describeBroker('Redis', async () => [await BrokerNode.open(redis.url), await BrokerNode.open(redis.url)]);

describe('the Redis broker', () => {
  it('publishes what one turn sends to one channel in one command, in its order', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    await there.subscribe(room);
    const before = await publishCalls();
    const ids = Array.from({ length: 50 }, (_, index) => String(index));
    const results = ids.map(async (id) => here.publish({ destination: room, message: testMessage(id) }));
    expect(await Promise.all(results)).toEqual(ids.map(() => ({ queued: 0, dropped: 0, otherNodes: 1 })));
    expect((await publishCalls()) - before).toBe(1);
    await until(
      () => there.heardIds,
      (heard) => heard.length === ids.length,
    );
    expect(there.heardIds).toEqual(ids);
  });

  it('splits a turn that is too much for one command, and keeps its order', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    await there.subscribe(room);
    const before = await publishCalls();
    const ids = Array.from({ length: 40 }, (_, index) => String(index));
    const large = 'x'.repeat(50_000);
    await Promise.all(ids.map(async (id) => here.publish({ destination: room, message: testMessage(id, large) })));
    expect((await publishCalls()) - before).toBeGreaterThan(4);
    await until(
      () => there.heardIds,
      (heard) => heard.length === ids.length,
    );
    expect(there.heardIds).toEqual(ids);
  });

  it('hears its own once, also after it got another name', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    await here.subscribe(room);
    await here.publish({ destination: room, message: testMessage('1') });
    const pending = here.publish({ destination: room, message: testMessage('2') });
    here.name.instanceId = 'node-x.ffffffff';
    await pending;
    await here.publish({ destination: room, message: testMessage('3') });
    await there.publish({ destination: room, message: testMessage('end') });
    await until(
      () => here.heardIds,
      (heard) => heard.includes('end'),
    );
    expect(here.heardIds).toEqual(['1', '2', '3', 'end']);
  });

  it('refuses a message that is larger than others take, once this node has heard it', async () => {
    await using here = await BrokerNode.start(redis.url);
    const huge = { destination: everyone, message: testMessage('1', 'x'.repeat(8_388_608)) };
    await expect(here.publish(huge)).rejects.toMatchObject({ error: 'WSC_MESSAGE_TOO_LARGE' });
    expect(here.heardIds).toEqual(['1']);
  });

  it('refuses what others would not read, once this node has heard it', async () => {
    await using here = await BrokerNode.start(redis.url);
    await here.subscribe(room);
    const nested: unknown = JSON.parse('['.repeat(200) + ']'.repeat(200));
    const { error } = await here.publish({ destination: room, message: testMessage('deep', nested) });
    expect(error).toMatchObject({ error: 'WSC_INTERNAL', message: expect.stringContaining('nest') });
    expect(here.heardIds).toEqual(['deep']);
  });

  it('counts what it can not read on its channels, logs it once, and goes on', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    const channel = there.connections.names.everyone;
    for (const garbage of ['hello', 'hello', '', '[]', '{"v":9}', '\ud800'])
      await redis.ask('PUBLISH', channel, garbage);
    await here.publish({ destination: everyone, message: testMessage('1') });
    await until(
      () => there.heardIds,
      (heard) => heard.length > 0,
    );
    expect(there.heardIds).toEqual(['1']);
    expect(there.faults).toBe(6);
    const warnings = there.logger.messages('warn');
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings.length).toBeLessThan(6);
    expect(JSON.stringify(there.logger.lines)).not.toContain('hello');
  });

  it('subscribes once at Redis, however many on this node want it, and stays subscribed a while after the last', async () => {
    await using here = await BrokerNode.start(redis.url);
    const channel = here.connections.names.room(room.room);
    await Promise.all([here.subscribe(room), here.subscribe(room)]);
    here.unsubscribe(room);
    here.unsubscribe(room);
    expect(await subscriberCount(channel)).toBe(1);
    await here.publish({ destination: room, message: testMessage('unheard') });
    expect(here.heardIds).toEqual([]);
    expect(here.subscribe(room)).toBeUndefined();
  });

  it('hears while a subscription lingers what another node wants acknowledged, so that it can say that nobody is here', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    await there.subscribe(room);
    there.unsubscribe(room);
    await here.publish({ destination: room, message: testMessage('unheard') });
    await here.publish({ destination: room, message: testMessage('awaited'), ackTo: here.name.instanceId });
    await here.publish({ destination: everyone, message: testMessage('end') });
    await until(
      () => there.heardIds,
      (ids) => ids.includes('end'),
    );
    expect(there.heardIds).toEqual(['awaited', 'end']);
  });

  it('leaves no subscription behind when it is closed', async () => {
    const here = await BrokerNode.start(redis.url);
    await here.subscribe(room);
    const { everyone: channel } = here.connections.names;
    await here.close();
    expect(await subscriberCount(channel)).toBe(0);
  });

  it('answers what its own listener counted', async () => {
    await using here = await BrokerNode.start(redis.url);
    expect(await here.publish({ destination: everyone, message: testMessage('1') })).toEqual(localCount);
  });

  it('uses a client that the application has by its address, without touching it', async () => {
    const { Redis } = await import('ioredis');
    const client = new Redis({ ...redis.clientConfig, keyPrefix: 'app:', lazyConnect: true });
    await using here = await BrokerNode.start(client);
    await using there = await BrokerNode.start(redis.url);
    await here.publish({ destination: everyone, message: testMessage('1') });
    await until(
      () => there.heardIds,
      (heard) => heard.length > 0,
    );
    expect(client.status).toBe('wait');
    client.disconnect();
  });
});
