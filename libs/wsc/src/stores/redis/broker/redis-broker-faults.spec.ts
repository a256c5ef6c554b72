import { FaultProxy } from '../../../../../../test/support/redis/fault-proxy.js';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { BrokerNode, localCount } from './broker-nodes.fixture.js';

const room = { kind: 'room', room: 'chat:1' } as const;
const user = { kind: 'user', userId: 'ann' } as const;

let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis();
});
afterEach(() => redis[Symbol.asyncDispose]());

/** Says how long it took to be told no. */
async function refusal(attempt: () => unknown): Promise<{ readonly error: unknown; readonly ms: number }> {
  const startedAt = performance.now();
  try {
    await attempt();
  } catch (error) {
    return { error, ms: performance.now() - startedAt };
  }
  throw new Error('It was not refused.');
}

/** Publishes until the other node hears it: the way back after a fault has no promised length. */
async function untilHeard(from: BrokerNode, to: BrokerNode, id: string): Promise<void> {
  const attempt = async (): Promise<boolean> => {
    await Promise.resolve(from.publish({ destination: room, message: testMessage(id) })).catch(() => undefined);
    return to.heardIds.includes(id);
  };
  await until(attempt, (isHeard) => isHeard, { everyMs: 20 });
}

describe('the Redis broker, when Redis is killed', () => {
  it('fails soon and delivers here, and is back without a call when Redis is', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    await Promise.all([here.subscribe(room), there.subscribe(room)]);
    await redis.kill();
    await until(
      () => here.connections.problem,
      (problem) => problem !== undefined,
    );

    const published = await refusal(() => here.publish({ destination: room, message: testMessage('down') }));
    expect(published.error).toMatchObject({ error: 'WSC_UNAVAILABLE', temporary: true, local: localCount });
    expect(published.ms).toBeLessThan(2_000);
    expect(here.heardIds).toEqual(['down']);
    const subscribed = await refusal(() => here.subscribe(user));
    expect(subscribed.error).toMatchObject({ error: 'WSC_UNAVAILABLE' });
    expect(subscribed.ms).toBeLessThan(2_500);

    await redis.restart({ keepData: false });
    await untilHeard(here, there, 'up');
    expect(there.heardIds).not.toContain('down');
    await until(
      () => here.connections.problem,
      (problem) => problem === undefined,
    );
    expect([here.gaps, there.gaps]).toEqual([1, 1]);
    await here.subscribe(user);
  });

  it('keeps what was subscribed before, also where it was asked for again meanwhile', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    await there.subscribe(room);
    await redis.kill();
    // The connection that listens may hear of it a moment later than the other.
    const asking = async (): Promise<unknown> => {
      try {
        await there.subscribe(room);
        return undefined;
      } catch (thrown) {
        return thrown;
      }
    };
    const error = await until(asking, (answer) => answer !== undefined);
    expect(error).toMatchObject({ error: 'WSC_UNAVAILABLE' });
    await redis.restart({ keepData: false });
    await untilHeard(here, there, 'up');
  });

  it('starts without it, and hears others when it comes', async () => {
    await redis.kill();
    await using here = await BrokerNode.start(redis.url);
    expect(here.connections.problem).toBeDefined();
    await redis.restart({ keepData: false });
    await using there = await BrokerNode.start(redis.url);
    await until(
      () => here.connections.problem,
      (problem) => problem === undefined,
    );
    await there.publish({ destination: { kind: 'everyone' }, message: testMessage('1') });
    await until(
      () => here.heardIds,
      (heard) => heard.length > 0,
    );
  });
});

describe('the Redis broker, when Redis does not answer', () => {
  it('says within 2 s that it is not known whether others hear a message', async () => {
    await using here = await BrokerNode.start(redis.url);
    redis.pause();
    const published = await refusal(() => here.publish({ destination: room, message: testMessage('1') }));
    expect(published.error).toMatchObject({ error: 'WSC_TIMEOUT', temporary: true });
    expect(published.ms).toBeLessThan(2_000);
    redis.resume();
  });

  it('refuses at once what would be too much to keep', async () => {
    await using here = await BrokerNode.start(redis.url);
    redis.pause();
    const megabyte = testMessage('1', 'x'.repeat(1_048_576));
    const attempts = Array.from({ length: 40 }, () =>
      refusal(() => here.publish({ destination: room, message: megabyte })),
    );
    const refusals = await Promise.all(attempts);
    const atOnce = refusals.filter(({ error }) => (error as { error: string }).error === 'WSC_UNAVAILABLE');
    expect(atOnce.length).toBeGreaterThan(5);
    expect(atOnce.length).toBeLessThan(12);
    redis.resume();
    await until(
      () => here.connections.problem,
      (problem) => problem === undefined,
    );
    await here.publish({ destination: room, message: megabyte });
  });
});

describe('a connection that only listens', () => {
  it('is found dead within 2 s in a black hole, and comes back when it is healed', async () => {
    await using proxy = await FaultProxy.start(redis);
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(proxy.url);
    await there.subscribe(room);
    proxy.blackHole();
    const startedAt = performance.now();
    await until(
      () => there.connections.subscriber.isWhole,
      (isWhole) => !isWhole,
    );
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    await proxy.heal();
    await untilHeard(here, there, 'healed');
    expect(there.logger.messages('warn').length).toBeGreaterThan(0);
    await until(
      () => there.logger.messages('info').length,
      (count) => count > 0,
    );
  });

  it('subscribes everything anew where Redis cuts it', async () => {
    await using here = await BrokerNode.start(redis.url);
    await using there = await BrokerNode.start(redis.url);
    const rooms = Array.from({ length: 1_200 }, (_, index) => ({ kind: 'room', room: `r${String(index)}` }) as const);
    await Promise.all(rooms.map(async (each) => there.subscribe(each)));
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(
      () => there.gaps,
      (gaps) => gaps === 1,
    );
    await until(
      () => there.connections.problem,
      (problem) => problem === undefined,
    );
    await until(
      () => here.connections.problem,
      (problem) => problem === undefined,
    );
    await Promise.all(rooms.map(async (each) => here.publish({ destination: each, message: testMessage(each.room) })));
    await until(
      () => there.heard.length,
      (count) => count === rooms.length,
    );
  });
});
