import { inspect } from 'node:util';
import { startRedis, type RedisServer } from '../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../test/support/until.js';
import { SystemClock } from '../../system/system-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { RedisConnections } from './redis-connections.js';

const clock = new SystemClock();
let redis: RedisServer;
beforeEach(async () => {
  redis = await startRedis({ password: 'p4ss' });
});
afterEach(async () => redis[Symbol.asyncDispose]());

async function open(url = redis.url) {
  const logger = new MemoryLogger();
  const connections = await RedisConnections.open({ url }, { clock, logger });
  return { connections, logger, [Symbol.asyncDispose]: async () => connections.close() };
}

describe('the connections to Redis', () => {
  it('are there when they are opened, and gone when they are closed', async () => {
    const { connections } = await open();
    expect(connections.problem).toBeUndefined();
    await Promise.all([connections.close(), connections.close()]);
    const clients = String(await redis.ask('CLIENT', 'LIST'));
    expect(clients).not.toContain('wsc-');
  });

  it('say once that they are gone and once that they are back, however long it takes', async () => {
    await using opened = await open();
    const { connections, logger } = opened;
    await redis.kill();
    await until(
      () => connections.problem,
      (problem) => problem !== undefined,
    );
    await until(
      () => logger.messages('warn').length,
      (count) => count === 2,
    );
    await expect(connections.commands.get('key')).rejects.toThrow();
    await redis.restart({ keepData: false });
    await until(
      () => logger.messages('info').length,
      (count) => count === 2,
    );
    expect(logger.messages('warn')).toHaveLength(2);
    await until(
      () => connections.problem,
      (problem) => problem === undefined,
    );
  });

  it('go on without a Redis that does not let them in, and never log the password', async () => {
    await using opened = await open(redis.url.replace('p4ss', 'wr0ng'));
    const { connections, logger } = opened;
    expect(connections.problem).toBe('Redis is not connected.');
    expect(logger.messages('warn')).toHaveLength(2);
    expect(inspect(logger.lines, { depth: 10 })).not.toContain('wr0ng');
  });

  it('say that others are not heard where Redis refuses a channel, until it does not, and log it once', async () => {
    await redis.ask('ACL', 'SETUSER', 'node', 'on', '>p4ss', '+@all', '~*', 'resetchannels');
    await using opened = await open(redis.url.replace(':p4ss', 'node:p4ss'));
    const { connections, logger } = opened;
    await expect(connections.subscriber.subscribe('a', () => undefined)).rejects.toMatchObject({
      error: 'WSC_UNAVAILABLE',
    });
    expect(connections.problem).toContain('does not hear the others');
    // The first time, and a second later.
    expect(logger.messages('error')).toHaveLength(1);
    await redis.ask('ACL', 'SETUSER', 'node', 'allchannels');
    await until(
      () => connections.problem,
      (problem) => problem === undefined,
    );
    expect(connections.subscriber.isSubscribed('a')).toBe(true);
  });

  it('hear on when a listener throws', async () => {
    await using opened = await open();
    const { connections, logger } = opened;
    const heard: string[] = [];
    await connections.subscriber.subscribe('a', (payload) => {
      heard.push(payload.toString());
      if (heard.length === 1) throw new Error('mine');
    });
    await connections.commands.publish('a', '1');
    await connections.commands.publish('a', '2');
    await until(
      () => heard.length,
      (count) => count === 2,
    );
    expect(logger.messages('error')).toHaveLength(1);
  });

  it('are refused with options that can not be', async () => {
    await expect(RedisConnections.open('localhost', { clock, logger: new MemoryLogger() })).rejects.toThrow(TypeError);
  });
});
