import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { portOf } from '../peers/server-options.js';
import { boundTo } from './cores.js';

const installedProgram = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';

/** How the Redis that is installed calls itself; undefined: there is none. */
export function findRedis(): string | undefined {
  const { status, stdout } = spawnSync(installedProgram, ['--version'], { encoding: 'utf8' });
  return status === 0 ? `Redis ${/v=(\S+)/.exec(stdout)?.[1] ?? 'of an unknown version'}` : undefined;
}

/**
 * Runs a command and ends it when its own input ends, be it that nobody needs the command any more or that the benchmark was
 * killed. It lets go of the output, whose end then is the command's.
 */
const leash = 'exec 2>&1; "$@" & exec >&- 2>&-; trap "" HUP INT TERM; read -r line; kill -9 $!; wait $!';

/** Ports are free when they are looked at; another program may be faster. */
const mostAttempts = 3;

/** How a Redis is started. */
export interface RedisSetup {
  /** Undefined: wherever the system likes. */
  readonly core: number | undefined;
  /** @default the `redis-server` that is installed */
  readonly program?: string;
}

/** A `redis-server` of the benchmark's own, on a free port, that keeps nothing on disk. */
export class RedisServer {
  readonly url: string;
  readonly #port: number;
  readonly #child: ChildProcess;
  #stopping: Promise<void> | undefined;

  private constructor(port: number, child: ChildProcess) {
    this.url = `redis://127.0.0.1:${port}`;
    this.#port = port;
    this.#child = child;
  }

  /** Answers once it serves. @throws {Error} with what it has printed, where it doesn't start. */
  static async start(setup: RedisSetup): Promise<RedisServer> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await RedisServer.#startAt(await findFreePort(), setup);
      } catch (error) {
        if (attempt === mostAttempts) throw error;
      }
    }
  }

  static async #startAt(port: number, { core, program = installedProgram }: RedisSetup): Promise<RedisServer> {
    const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    const command = boundTo(core, [program, ...settings]);
    const child = spawn('sh', ['-c', leash, 'sh', ...command], { stdio: ['pipe', 'pipe', 'inherit'] });
    const server = new RedisServer(port, child);
    try {
      await becomeReady(child.stdout);
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  /** CPU since its start, in microseconds. */
  async cpuUs(): Promise<number> {
    const connection = connect(this.#port, '127.0.0.1');
    connection.write('INFO cpu\r\nQUIT\r\n');
    const info = await text(connection);
    const seconds = ['used_cpu_user', 'used_cpu_sys'].map((name) => new RegExp(`${name}:([\\d.]+)`).exec(info)?.[1]);
    return seconds.reduce((sum, value) => sum + Number(value) * 1e6, 0);
  }

  /** Ends it. Answers when it has ended. */
  stop(): Promise<void> {
    return (this.#stopping ??= this.#stop());
  }

  async #stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.stdin?.end();
    await gone;
  }
}

function becomeReady(output: Readable): Promise<void> {
  return new Promise((resolve, reject) => {
    let log = '';
    output.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      if (log.includes('Ready to accept connections')) resolve();
    });
    output.once('end', () => reject(new Error(`Redis ended before it was ready:\n${log}`)));
  });
}

async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = portOf(server);
  server.close();
  await once(server, 'close');
  return port;
}
