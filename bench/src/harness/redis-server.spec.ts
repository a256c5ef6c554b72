import { once } from 'node:events';
import { connect } from 'node:net';
import { findRedis, RedisServer } from './redis-server.js';

describe('the Redis of a benchmark', () => {
  it('serves on a port of its own and tells its CPU, until it is stopped', async () => {
    const redis = await RedisServer.start({ core: undefined });
    const before = await redis.cpuUs();

    await ping(Number(new URL(redis.url).port), 10_000);
    const after = await redis.cpuUs();
    await Promise.all([redis.stop(), redis.stop()]);

    expect(before).toBeGreaterThan(0);
    expect(after).toBeGreaterThan(before);
    await expect(redis.cpuUs()).rejects.toThrow('ECONNREFUSED');
  });

  it('says what was printed where it does not start', async () => {
    const start = RedisServer.start({ core: undefined, program: 'a-redis-that-is-not-there' });
    await expect(start).rejects.toThrow(/^Redis ended before it was ready:[^]*a-redis-that-is-not-there/);
  });

  it('has a name with a version', () => {
    expect(findRedis()).toMatch(/^Redis \d+\.\d+/);
  });
});

async function ping(port: number, count: number): Promise<void> {
  const connection = connect(port, '127.0.0.1').resume();
  connection.write(`${'PING\r\n'.repeat(count)}QUIT\r\n`);
  await once(connection, 'close');
}
