import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Reads the id of the process that runs in the folder, or an empty line for none, until `done`, or until the end of its
 * input: that comes with the end of this process, however that comes, SIGKILL included.
 */
const guardScript = `
trap "" HUP INT TERM
pid=
while read -r line; do
  [ "$line" = done ] && exit
  pid=$line
done
[ -n "$pid" ] && kill -9 "$pid"
rm -rf "$1"`;

/** A folder for a program that a test starts. Where this process ends first, it takes both with it. */
export class GuardedFolder {
  readonly path: string;
  readonly #guard: ChildProcess;

  private constructor(path: string) {
    this.path = path;
    this.#guard = spawn('sh', ['-c', guardScript, 'sh', path], { stdio: ['pipe', 'ignore', 'ignore'] });
    this.#guard.unref();
    letGo(this.#guard.stdin);
  }

  static async create(): Promise<GuardedFolder> {
    return new GuardedFolder(await mkdtemp(join(tmpdir(), 'nest-wsc-redis-')));
  }

  /** Says which process runs in it, undefined once it has ended: its id may be another's then. */
  runs(pid: number | undefined): void {
    this.#guard.stdin?.write(`${pid ?? ''}\n`);
  }

  /** For the end of the program: nothing is left to guard. */
  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
    this.#guard.stdin?.end('done\n');
  }
}

/** A pipe to or from a program that was started does not keep this process running. */
export function letGo(pipe: unknown): void {
  if (pipe instanceof Socket) pipe.unref();
}
