import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startRedis, type RedisConfig, type RedisServer } from '../support/redis/redis-server.js';
import { list, text } from '../support/redis/reply.js';

const source = join(__dirname, '../../test/failover-loss/synced.c');

/**
 * A Redis whose machine can lose its power: `kill -9` alone loses nothing that the kernel has been given, so what was not on the disk for
 * sure is cut off its files. Needs a C compiler and Linux.
 */
export class MachineWithRedis implements AsyncDisposable {
  readonly redis: RedisServer;
  readonly #folder: string;

  private constructor(redis: RedisServer, folder: string) {
    this.redis = redis;
    this.#folder = folder;
  }

  static async start(config: RedisConfig): Promise<MachineWithRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'nest-wsc-machine-'));
    const given = process.env['REDIS_SERVER_PATH'];
    try {
      process.env['REDIS_SERVER_PATH'] = await writeProgram(folder, given ?? 'redis-server');
      return new MachineWithRedis(await startRedis({ config }), folder);
    } catch (error) {
      await rm(folder, { recursive: true, force: true });
      throw error;
    } finally {
      if (given === undefined) delete process.env['REDIS_SERVER_PATH'];
      else process.env['REDIS_SERVER_PATH'] = given;
    }
  }

  async cutPower(): Promise<void> {
    const [, folder = ''] = list(await this.redis.ask('CONFIG', 'GET', 'dir')).map(text);
    await this.redis.kill();
    const files = join(folder, 'appendonlydir');
    for (const name of await readdir(files)) {
      // What stands there from the start on, and is not written to any more.
      if (!name.includes('.incr.') || name.endsWith('.synced')) continue;
      await truncate(join(files, name), await syncedBytes(join(files, `${name}.synced`)));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.redis[Symbol.asyncDispose]();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function syncedBytes(note: string): Promise<number> {
  const bytes = Number(await readFile(note, 'utf8').catch(() => '0'));
  if (!Number.isInteger(bytes)) throw new Error(`${note} is not a number.`);
  return bytes;
}

/** A `redis-server` that notes what is on the disk. */
async function writeProgram(folder: string, redisServer: string): Promise<string> {
  const [library, program] = [join(folder, 'synced.so'), join(folder, 'redis-server')];
  await promisify(execFile)('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl']);
  await writeFile(program, `#!/bin/sh\nLD_PRELOAD='${library}' exec '${redisServer}' "$@"\n`);
  await chmod(program, 0o700);
  return program;
}
