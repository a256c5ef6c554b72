import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Cluster, Redis } from 'ioredis';
import { startCluster } from '../../../test/support/redis/redis-cluster.js';
import { startRedis } from '../../../test/support/redis/redis-server.js';
import { until } from '../../../test/support/until.js';
import { connectClient } from './connect-client.js';
import { endClient } from './end-client.js';
import { createCommandClient } from './redis-clients.js';
import { resolveRedisOptions, type RedisOptions } from './redis-options.js';

jest.setTimeout(60_000);

async function connect(options: RedisOptions) {
  const client = await createCommandClient(resolveRedisOptions(options));
  client.on('error', () => undefined);
  await connectClient(client);
  return { client, [Symbol.asyncDispose]: () => endClient(client) };
}

/** As a synchronous function of an application does. */
function standStill(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

const setWhileStandingStill = async (client: Redis | Cluster): Promise<unknown> => {
  // Where timers are next, and not what comes on sockets.
  await nextTurn();
  const answer = client.set('key', 'value');
  standStill(1_800);
  return answer;
};

describe('a client', () => {
  it('takes an answer that came while the process stood still, and keeps its connection', async () => {
    await using redis = await startRedis();
    await using one = await connect({ url: redis.url });
    let closeCount = 0;
    one.client.on('close', () => (closeCount += 1));
    await expect(setWhileStandingStill(one.client)).resolves.toBe('OK');
    await one.client.ping();
    expect(closeCount).toBe(0);
  });

  it('of a cluster does so too', async () => {
    await using servers = await startCluster();
    await using whole = await connect({ cluster: servers.nodes });
    await expect(setWhileStandingStill(whole.client)).resolves.toBe('OK');
  });

  it('fails a command that is not answered within a second, cuts the connection, and is there when Redis is', async () => {
    await using redis = await startRedis();
    await using one = await connect({ url: redis.url });
    const closed = new Promise((resolve) => one.client.once('close', resolve));
    redis.pause();
    const startedAt = performance.now();
    await expect(one.client.set('key', 'value')).rejects.toThrow('Command timed out');
    expect(performance.now() - startedAt).toBeGreaterThan(990);
    await closed;
    expect(performance.now() - startedAt).toBeGreaterThan(1_490);
    redis.resume();
    const ask = (): Promise<string> => one.client.set('key', 'value').catch(String);
    await until(ask, (answer) => answer === 'OK', { patienceMs: 10_000 });
  });

  it('keeps a connection on which something comes, however late each answer is', async () => {
    await using redis = await startRedis();
    await using one = await connect({ url: redis.url });
    let closeCount = 0;
    one.client.on('close', () => (closeCount += 1));
    for (let round = 0; round < 4; round++) {
      expect(await one.client.blpop('nothing', 0.8)).toBeNull();
    }
    expect(closeCount).toBe(0);
  });
});
