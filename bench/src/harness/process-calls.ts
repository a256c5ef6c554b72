import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { readyId, type Answer, type Call } from '../calls.js';
import { boundTo } from './cores.js';

/** Which program to start, and on which core. */
export interface ProcessSpec {
  readonly command: readonly string[];
  /** Undefined: wherever the system likes. */
  readonly core: number | undefined;
}

type Method = (...args: never[]) => unknown;
/** What a call of `T[M]` answers. */
type Result<T, M extends keyof T> = T[M] extends Method ? Awaited<ReturnType<T[M]>> : never;
type Arguments<T, M extends keyof T> = T[M] extends Method ? Parameters<T[M]> : never;

/** A process of the benchmark whose methods are called over its standard input and output. `T` is what answers there. */
export class ProcessCalls<T extends object> {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (line: string) => void>();
  #nextId = readyId;
  #endedWith: string | undefined;

  /** Starts the process. Whoever does stops it. */
  constructor({ command, core }: ProcessSpec) {
    const [program = '', ...args] = boundTo(core, command);
    this.#child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#child.once('error', (error) => this.#end(error.message));
    this.#child.once('exit', (code, signal) => this.#end(`it ended with ${String(code ?? signal)}`));
    if (this.#child.stdout === null) throw new Error('A process without an output.');
    createInterface({ input: this.#child.stdout }).on('line', (line) => this.#answered(line));
  }

  /** To be called once: waits until the process is ready, and answers what it says then. @throws {Error} where it ends before. */
  ready(): Promise<unknown> {
    return this.#wait(readyId);
  }

  /** @throws {Error} what the method throws, or that the process has ended. */
  call<M extends keyof T & string>(method: M, ...args: Arguments<T, M>): Promise<Result<T, M>> {
    const call: Call = { id: (this.#nextId += 1), method, args };
    const answer = this.#wait<Result<T, M>>(call.id);
    this.#child.stdin?.write(`${JSON.stringify(call)}\n`);
    return answer;
  }

  async stop(): Promise<void> {
    if (this.#endedWith !== undefined) return;
    const gone = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.kill('SIGKILL');
    await gone;
  }

  #wait<R>(id: number): Promise<R> {
    return new Promise((resolve, reject) => {
      if (this.#endedWith !== undefined) {
        reject(new Error(`A process of the benchmark failed: ${this.#endedWith}`));
        return;
      }
      this.#waiting.set(id, (line) => {
        const answer: Answer<R> = JSON.parse(line);
        if (answer.error === undefined) resolve(answer.value);
        else reject(new Error(answer.error));
      });
    });
  }

  #answered(line: string): void {
    // What the program logs goes there too.
    if (!line.startsWith('{"id":')) {
      process.stderr.write(`${line}\n`);
      return;
    }
    const { id }: Answer = JSON.parse(line);
    const settle = this.#waiting.get(id);
    this.#waiting.delete(id);
    settle?.(line);
  }

  #end(how: string): void {
    this.#endedWith ??= how;
    for (const [id, settle] of this.#waiting) {
      settle(JSON.stringify({ id, error: `A process of the benchmark failed: ${how}` } satisfies Answer));
    }
    this.#waiting.clear();
  }
}
