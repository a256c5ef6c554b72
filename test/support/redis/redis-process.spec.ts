import { transformFile } from '@swc/core';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
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

/** A test run of its own, which starts a Redis in that folder, says its process id and forgets it. */
async function forgetfulRun(folder: string, andThen: string): Promise<{ run: ChildProcess; redisPid: number }> {
  const { code } = await transformFile(join(__dirname, 'redis-process.ts'), {
    swcrc: false,
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'commonjs' },
  });
  const args = JSON.stringify(['--port', String(await findFreePort()), '--save', '']);
  const start = `exports.RedisProcess.start(${args}, ${JSON.stringify(folder)}).then(({ pid }) => console.log(pid));`;
  const run = spawn(process.execPath, ['-e', `${code}\n${start}\n${andThen}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output] = (await once(run.stdout, 'data')) as [Buffer];
  return { run, redisPid: Number(output.toString()) };
}

describe('the process of a Redis that a test forgot', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-wsc-redis-'));
  });

  it('does not keep the run from its end, and ends with it', async () => {
    const { run, redisPid } = await forgetfulRun(folder, '');
    const [exitCode] = (await once(run, 'exit')) as [number | null];

    expect(exitCode).toBe(0);
    await until(
      () => isAlive(redisPid) || existsSync(folder),
      (isLeft) => !isLeft,
      { everyMs: 10 },
    );
  });

  it('ends with a run that was killed', async () => {
    const { run, redisPid } = await forgetfulRun(folder, 'setInterval(() => undefined, 60_000);');
    expect(isAlive(redisPid)).toBe(true);

    run.kill('SIGKILL');

    await until(
      () => isAlive(redisPid) || existsSync(folder),
      (isLeft) => !isLeft,
      { everyMs: 10 },
    );
  });
});
