import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { findProgram } from '../programs.mjs';

/**
 * Starts a Redis as deploy/ configures it, in a folder of its own and on a port that the caller chose.
 *
 * @param {number} port
 */
export async function startRedis(port) {
  const folder = await mkdtemp(join(tmpdir(), 'nest-wsc-scaling-'));
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''];
  const child = spawn(findProgram('REDIS_SERVER_PATH') ?? 'redis-server', [...settings, '--appendonly', 'yes'], {
    stdio: 'ignore',
  });
  const client = new Redis(port, '127.0.0.1', { retryStrategy: () => 50 });
  client.on('error', () => undefined);
  while ((await client.ping().catch(() => '')) !== 'PONG') await pause(50);
  const stop = async () => {
    client.disconnect();
    child.kill('SIGKILL');
    await once(child, 'exit');
    await rm(folder, { recursive: true, force: true });
  };
  return { url: `redis://127.0.0.1:${port}`, client, stop };
}

/** The fields of a section of INFO that are numbers. */
async function numbersOf(client, section) {
  const text = await client.info(section);
  return new Map([...text.matchAll(/^([^:#\r\n]+):(\d[\d.]*)\r?$/gm)].map(([, name, value]) => [name, Number(value)]));
}

/** Processor time of the thread that runs commands, in microseconds: the one that a single Redis has to share out. */
export async function redisCpuUs(client) {
  const cpu = await numbersOf(client, 'cpu');
  return (cpu.get('used_cpu_sys_main_thread') + cpu.get('used_cpu_user_main_thread')) * 1e6;
}

/** Bytes of its keys, its subscriptions and what it needs itself. */
export async function redisBytes(client) {
  return (await numbersOf(client, 'memory')).get('used_memory');
}

export async function redisVersion(client) {
  return /redis_version:(\S+)/.exec(await client.info('server'))?.[1] ?? 'unknown';
}
