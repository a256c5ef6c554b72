import { startRedis } from '../../../test/support/redis/redis-server.js';
import { until } from '../../../test/support/until.js';
import { endClient } from './end-client.js';
import { createClients } from './redis-clients.js';
import { resolveRedisOptions, type RedisOptions } from './redis-options.js';

async function open(options: RedisOptions) {
  const clients = await createClients(resolveRedisOptions(options));
  if (clients.kind !== 'one') throw new Error('Expected one Redis.');
  const { commands } = clients;
  const errors: string[] = [];
  commands.on('error', ({ message }: Error) => errors.push(message));
  return { commands, errors, [Symbol.asyncDispose]: () => endClient(commands) };
}

describe('a client', () => {
  it('writes to the database that was chosen', async () => {
    await using redis = await startRedis();
    await using chosen = await open({ url: redis.url, db: 3 });
    await chosen.commands.connect();
    await chosen.commands.set('key', 'value');
    expect(await redis.ask('INFO', 'keyspace')).toContain('db3:keys=1');
  });

  it('is never ready where its database can not be selected, and tries again', async () => {
    await using redis = await startRedis();
    await using wrong = await open(`${redis.url}/99`);
    let readyCount = 0;
    wrong.commands.on('ready', () => (readyCount += 1));
    wrong.commands.connect().catch(() => undefined);
    const refusals = () => wrong.errors.filter((message) => message === 'ERR DB index is out of range').length;
    await until(refusals, (count) => count > 1);
    await expect(wrong.commands.set('key', 'value')).rejects.toThrow();
    expect(readyCount).toBe(0);
    expect(await redis.ask('DBSIZE')).toBe(0);
  });
});
