import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Socket } from 'node:net';
import type { Readable } from 'node:stream';

const startTimeoutMs = 10_000;
const longestLog = 64 * 1024;

/** What a Redis writes once it serves; a Sentinel never says that it is ready, but names itself after it listens. */
const isServing = /Ready to accept connections|Sentinel ID is/;

/** Another program was faster to take the port. */
export class PortTakenError extends Error {
  override readonly name = 'PortTakenError';
}

/** Waits for the end of its input, which comes with the end of this process, however that comes, SIGKILL included. */
const watchdogScript = 'trap "" HUP INT TERM; read -r line || { kill -9 "$1"; rm -rf "$2"; }';

/** Ends a process and removes its folder if this process ends first. Answers what calls it off. */
function startWatchdog(pid: number, folder: string): () => void {
  const arguments_ = ['-c', watchdogScript, 'sh', String(pid), folder];
  const watchdog = spawn('sh', arguments_, { stdio: ['pipe', 'ignore', 'ignore'] });
  watchdog.unref();
  letGo(watchdog.stdin);
  return () => watchdog.stdin.end('\n');
}

/** A pipe that nobody reads any more does not keep this process running. */
function letGo(pipe: unknown): void {
  if (pipe instanceof Socket) pipe.unref();
}

/** One run of `redis-server`. It does not keep this process running, and never outlives it. */
export class RedisProcess {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #callOffWatchdog: () => void;
  #log = '';

  private constructor(child: ChildProcess, pid: number, folder: string) {
    this.#child = child;
    this.pid = pid;
    this.#callOffWatchdog = startWatchdog(pid, folder);
    child.unref();
  }

  /**
   * Answers once it serves.
   *
   * @param folder where it runs, removed if this process ends before it
   * @throws {PortTakenError} where it cannot have its port
   */
  static async start(args: readonly string[], folder: string): Promise<RedisProcess> {
    const program = process.env['REDIS_SERVER_PATH'] ?? 'redis-server';
    const child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
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
      const timer = setTimeout(() => {
        this.#child.kill('SIGKILL');
        reject(new Error(`Redis did not start in time:\n${this.#log}`));
      }, startTimeoutMs);
      for (const output of outputs) {
        letGo(output);
        output.on('data', (chunk: Buffer) => {
          this.#log = (this.#log + chunk.toString()).slice(-longestLog);
          if (!isServing.test(this.#log)) return;
          clearTimeout(timer);
          resolve();
        });
      }
      this.#child.once('close', (code) => {
        clearTimeout(timer);
        this.#callOffWatchdog();
        const isPortTaken = this.#log.includes('Address already in use');
        const message = `Redis ended with ${String(code)}:\n${this.#log}`;
        reject(isPortTaken ? new PortTakenError(message) : new Error(message));
      });
    });
  }
}
