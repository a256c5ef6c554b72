import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const demoProgram = join(__dirname, '../../apps/gateway/dist/main.js');
// Several start at once on a machine that may be busy with others.
const startTimeoutMs = 110_000;

/** The built demo gateway as a process of its own, as `npm start` runs it. Ended by `await using`. */
export class GatewayProcess implements AsyncDisposable {
  /** `http://localhost:<port>` */
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #log: () => string;

  private constructor(url: string, process: ChildProcess, log: () => string) {
    this.url = url;
    this.#process = process;
    this.#log = log;
  }

  /**
   * @param environment beside the test's own; without `PORT`, a free one is taken
   * @param program another gateway than the demo, which says the same line once it is open
   */
  static async start(
    environment: Readonly<Record<string, string>> = {},
    program: string = demoProgram,
  ): Promise<GatewayProcess> {
    const child = spawn(process.execPath, [program], {
      env: { ...process.env, NODE_ENV: 'development', NO_COLOR: '1', PORT: '0', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    const url = await new Promise<string>((resolve, reject) => {
      const timer = setTimeout(() => {
        // Nobody else would end it.
        child.kill('SIGKILL');
        reject(new Error(`The gateway did not start in time:\n${log}`));
      }, startTimeoutMs);
      const read = (chunk: Buffer): void => {
        log += chunk.toString();
        const open = /Open (http:\/\/localhost:\d+) /.exec(log)?.[1];
        if (open === undefined) return;
        clearTimeout(timer);
        resolve(open);
      };
      child.stdout.on('data', read);
      child.stderr.on('data', read);
      child.once('exit', (code) => {
        clearTimeout(timer);
        reject(new Error(`The gateway ended with ${String(code)}:\n${log}`));
      });
    });
    return new GatewayProcess(url, child, () => log);
  }

  /** Everything that it has written. */
  get log(): string {
    return this.#log();
  }

  get port(): string {
    return new URL(this.url).port;
  }

  /** The most memory that it has held so far. From Linux itself, since the gateway does not say. */
  async peakMemoryBytes(): Promise<number> {
    const status = await readFile(`/proc/${String(this.#process.pid)}/status`, 'utf8');
    return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** The processor time that it has used so far, from Linux too, which counts in hundredths of a second. */
  async cpuMs(): Promise<number> {
    const stat = await readFile(`/proc/${String(this.#process.pid)}/stat`, 'utf8');
    // After the name, which may hold blanks, utime and stime are the 12th and the 13th.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  }

  /** Stops the process where it stands: its connections stay open, and nothing is answered. */
  pause(): void {
    this.#process.kill('SIGSTOP');
  }

  resume(): void {
    this.#process.kill('SIGCONT');
  }

  /** Sends a signal and answers the exit code; null where the signal itself ended it. */
  async stop(signal: 'SIGTERM' | 'SIGINT' | 'SIGKILL' = 'SIGTERM'): Promise<number | null> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return exitCode;
    const exited = once(this.#process, 'exit');
    this.#process.kill(signal);
    await exited;
    return this.#process.exitCode;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop('SIGKILL');
  }
}
