import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { type GuardedFolder, letGo } from './guarded-folder.js';

const startTimeoutMs = 10_000;
const longestLog = 64 * 1024;

/** What a Redis writes once it serves; a Sentinel never says that it is ready, but names itself after it listens. */
const isServing = /Ready to accept connections|Sentinel ID is/;

/** Another program was faster to take the port. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/** One run of `redis-server`. It does not keep this process running, and never outlives it. */
export class RedisProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  #log = '';

  private constructor(child: ChildProcess, pid: number, folder: GuardedFolder) {
    this.#child = child;
    this.pid = pid;
    folder.runs(pid);
    child.once('exit', () => folder.runs(undefined));
    child.unref();
  }

  /**
   * Runs in that folder. Answers once it serves.
   *
   * @throws {PortTakenError} where it cannot have its port
   */
  static async start(args: readonly string[], folder: GuardedFolder): Promise<RedisProcess> {
    const program = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';
    const child = spawn(program, args, { cwd: folder.path, stdio: ['ignore', 'pipe', 'pipe'] });
    if (child.pid === undefined) {
      const [cause] = await once(child, 'error');
      throw new Error(`${program} does not run: install redis-server or set REDIS_SERVER_PATH.`, { cause });
    }
    const redis = new RedisProcess(child, child.pid, folder);
    await redis.#becomeReady(child.stdout, child.stderr);
    return redis;
  }

  /** What it has written; of very much, the end. */
  get log(): string {
    return this.#log;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sends a signal that the process can survive. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    this.#child.kill(signal);
  }

  /** Ends it, also where it is paused, and waits for its end. */
  async kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (!this.isRunning) return;
    this.#child.ref();
    const exited = once(this.#child, 'exit');
    this.#child.kill(signal);
    this.#child.kill('SIGCONT');
    await exited;
  }

  #becomeReady(...outputs: readonly Readable[]): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), startTimeoutMs);
      for (const output of outputs) {
        letGo(output);
        output.on('data', (chunk: Buffer) => {
          this.#log = (this.#log + chunk.toString()).slice(-longestLog);
          if (!isServing.test(this.#log)) return;
          clearTimeout(timer);
          resolve();
        });
      }
      this.#child.once('close', (code, signal) => {
        clearTimeout(timer);
        const isPortTaken = this.#log.includes('Address already in use');
        const message = `Redis did not start in time and ended with ${String(code ?? signal)}:\n${this.#log}`;
        reject(isPortTaken ? new PortTakenError(message) : new Error(message));
      });
    });
  }
}
