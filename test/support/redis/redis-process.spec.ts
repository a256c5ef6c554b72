import { transformFile } from '@swc/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../until.js';
import { findFreePort } from './free-port.js';

const isAlive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

const runs: ChildProcess[] = [];

/** What a file of this folder exports, for a process that cannot read TypeScript. */
async function exportsOf(name: string): Promise<string> {
  const { code } = await transformFile(join(__dirname, `${name}.ts`), {
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  return `((exports) => {\n${code}\nreturn exports;\n})({})`;
}

/** A test run of its own, which starts a Redis, may do more with it, says where it is and forgets it. */
async function forgetfulRun({ use = '', last = '' }): Promise<Forgotten> {
  const args = JSON.stringify(['--port', String(await findFreePort()), '--save', '']);
  const script = `
    const guardedFolder = ${await exportsOf('guarded-folder')};
    const load = require;
    require = (name) => (name === './guarded-folder.js' ? guardedFolder : load(name));
    const { RedisProcess } = ${await exportsOf('redis-process')};
    (async () => {
      const folder = await guardedFolder.GuardedFolder.create();
      const redis = await RedisProcess.start(${args}, folder);
      ${use}
      console.log(JSON.stringify({ pid: redis.pid, folder: folder.path }));
      ${last}
    })();`;
  const run = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  runs.push(run);
  const [output] = (await once(run.stdout, 'data')) as [Buffer];
  const forgotten = JSON.parse(output.toString()) as { pid: number; folder: string };
  return { run, isLeft: () => isAlive(forgotten.pid) || existsSync(forgotten.folder), ...forgotten };
}

interface Forgotten {
  readonly run: ChildProcess;
  readonly pid: number;
  readonly folder: string;
  /** Whether its process or its folder is still there. */
  readonly isLeft: () => boolean;
}

const untilGone = ({ isLeft }: Forgotten): Promise<boolean> => until(isLeft, (seen) => !seen, { everyMs: 10 });

describe('a Redis that a test forgot', () => {
  afterEach(() => {
    for (const run of runs.splice(0)) run.kill('SIGKILL');
  });

  it('does not keep the run from its end, and ends with it', async () => {
    const forgotten = await forgetfulRun({});
    const [exitCode] = (await once(forgotten.run, 'exit')) as [number | null];

    expect(exitCode).toBe(0);
    await untilGone(forgotten);
  });

  it('ends with a run that was killed', async () => {
    const forgotten = await forgetfulRun({ last: 'setInterval(() => undefined, 60_000);' });
    expect(isAlive(forgotten.pid)).toBe(true);

    forgotten.run.kill('SIGKILL');

    await untilGone(forgotten);
  });

  it('leaves no folder where it had ended before', async () => {
    const forgotten = await forgetfulRun({ use: "await redis.kill('SIGTERM');" });

    await untilGone(forgotten);
  });
});
