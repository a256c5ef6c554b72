import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { until } from '../until.js';
import { NoAnswerError } from './ask-redis.js';
import { PortTakenError } from './redis-process.js';
import { RedisReplyError } from './reply.js';
import { RedisServer, startRedis } from './redis-server.js';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

describe('a Redis for tests', () => {
  it('answers at its address once it has started, with nothing in it and nothing persisted', async () => {
    await using redis = await startRedis();

    expect(redis.url).toBe(`redis://127.0.0.1:${redis.port}`);
    await expect(redis.ask('DBSIZE')).resolves.toBe(0);
    await expect(redis.ask('CONFIG', 'GET', 'save')).resolves.toEqual(['save', '']);
    expect((await redis.info('server')).get('process_id')).toBe(String(redis.pid));
  });

  it('reads every kind of reply, however long, and throws one that is an error', async () => {
    await using redis = await startRedis();
    const long = 'é\r\n'.repeat(100_000);
    await redis.ask('SET', 'long', long);
    await redis.ask('RPUSH', 'list', 'a', 'b');

    await expect(redis.ask('GET', 'long')).resolves.toBe(long);
    await expect(redis.ask('GET', 'missing')).resolves.toBeNull();
    await expect(redis.ask('EVAL', "return { 1, 'two', { redis.call('LRANGE', 'list', 0, -1) } }", 0)).resolves.toEqual(
      [1, 'two', [['a', 'b']]],
    );
    await expect(redis.ask('LPUSH', 'long', 'x')).rejects.toThrow(RedisReplyError);
  });

  it('says that it closed a connection instead of answering', async () => {
    await using redis = await startRedis();
    const asked = expect(redis.ask('BLPOP', 'nothing', 0)).rejects.toThrow(NoAnswerError);
    await until(
      () => redis.info('clients'),
      (clients) => clients.get('blocked_clients') === '1',
    );
    await redis.ask('CLIENT', 'KILL', 'TYPE', 'normal');
    await asked;
  });

  it('asks for its password', async () => {
    await using redis = await startRedis({ password: 'p@ss' });

    expect(redis.url).toBe(`redis://:p%40ss@127.0.0.1:${redis.port}`);
    await expect(redis.ask('PING')).resolves.toBe('PONG');
    const stranger = connect(redis.port, redis.host).setEncoding('utf8');
    stranger.write('PING\r\n');
    await expect(once(stranger, 'data')).resolves.toEqual([expect.stringMatching(/^-NOAUTH/)]);
    stranger.destroy();
  });

  it('comes back on its port with what it had, or with nothing', async () => {
    await using redis = await startRedis();
    const firstPid = redis.pid;
    await redis.ask('SET', 'key', 'value');

    await redis.restart({ keepData: true });
    expect(redis.pid).not.toBe(firstPid);
    await expect(redis.ask('GET', 'key')).resolves.toBe('value');

    await redis.restart({ keepData: false });
    await expect(redis.ask('GET', 'key')).resolves.toBeNull();
  });

  it('keeps what its configuration persists when it is killed', async () => {
    await using redis = await startRedis({ config: { appendonly: 'yes', appendfsync: 'always' } });
    await redis.ask('SET', 'key', 'value');

    await redis.kill();
    expect(redis.isRunning).toBe(false);
    await expect(redis.ask('PING')).rejects.toThrow('ECONNREFUSED');

    await redis.restart({ keepData: true });
    await expect(redis.ask('GET', 'key')).resolves.toBe('value');
  });

  it('answers nothing while it is paused, and what was asked meanwhile once it goes on', async () => {
    await using redis = await startRedis();
    redis.pause();
    const answer = redis.ask('PING');
    const probe = connect(redis.port, redis.host);
    await once(probe, 'connect');
    probe.write('PING\r\n');
    // That nothing comes has no event to wait for; a server that does answer takes far less.
    const silence = await Promise.race([
      once(probe, 'data'),
      new Promise((resolve) => setTimeout(resolve, 100, 'none')),
    ]);
    probe.destroy();

    expect(silence).toBe('none');
    redis.resume();
    await expect(answer).resolves.toBe('PONG');
  });

  it('is ended in order or at once, also while it is paused', async () => {
    await using first = await startRedis();
    await using second = await startRedis();
    first.pause();
    second.pause();

    await Promise.all([first.stop(), second.kill()]);

    expect(first.log).toContain('Redis is now ready to exit');
    expect(second.log).not.toContain('exit');
  });

  it('takes settings as it runs and can be emptied', async () => {
    await using redis = await startRedis();
    await redis.setConfig('maxmemory', '10mb');
    await redis.ask('SET', 'key', 'value');

    await redis.flush();

    await expect(redis.ask('CONFIG', 'GET', 'maxmemory')).resolves.toEqual(['maxmemory', '10485760']);
    await expect(redis.ask('DBSIZE')).resolves.toBe(0);
  });

  it('says what is wrong where it cannot start', async () => {
    await expect(startRedis({ config: { 'maxmemory-policy': 'whatever' } })).rejects.toThrow(
      'maxmemory-policy whatever',
    );
  });

  it('is told where another program has its port, and takes another one', async () => {
    await using first = await startRedis();

    await expect(RedisServer.start({ config: { port: first.port } })).rejects.toThrow(PortTakenError);
  });

  it('waits for its port where another program has taken it meanwhile', async () => {
    await using redis = await startRedis();
    await redis.kill();
    const other = createServer().listen(redis.port, redis.host);
    await once(other, 'listening');

    let isBack = false;
    const restarted = redis.restart({ keepData: false }).then(() => (isBack = true));
    await pause(500);
    expect(isBack).toBe(false);
    other.close();

    await restarted;
    await expect(redis.ask('PING')).resolves.toBe('PONG');
  });

  it('leaves no process and no folder', async () => {
    const redis = await startRedis();
    const pid = redis.pid ?? 0;
    const [, folder = ''] = (await redis.ask('CONFIG', 'GET', 'dir')) as readonly string[];
    expect(existsSync(folder)).toBe(true);

    await redis[Symbol.asyncDispose]();

    expect(isAlive(pid)).toBe(false);
    expect(existsSync(folder)).toBe(false);
  });
});
