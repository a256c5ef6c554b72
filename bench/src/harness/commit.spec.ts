import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeCommit } from './commit.js';

describe('the commit of what is measured', () => {
  let folder: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'nest-wsc-commit-'));
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  function git(...args: string[]): string {
    const asSomebody = [
      '-c',
      'user.name=Somebody',
      '-c',
      'user.email=somebody@example.com',
      '-c',
      'commit.gpgsign=false',
    ];
    const { status, stdout, stderr } = spawnSync('git', [...asSomebody, ...args], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  async function commitAFile(): Promise<string> {
    git('init', '--quiet');
    await writeFile(join(folder, 'code.ts'), 'before');
    git('add', '.');
    git('commit', '--quiet', '--message', 'First');
    return git('rev-parse', '--short', 'HEAD');
  }

  it('is its short hash', async () => {
    const hash = await commitAFile();
    expect(describeCommit(folder)).toBe(hash);
  });

  it.each([
    ['changed', 'code.ts'],
    ['new', 'more.ts'],
  ])('says where a file is %s', async (_, file) => {
    const hash = await commitAFile();
    await writeFile(join(folder, file), 'after');
    expect(describeCommit(folder)).toBe(`${hash}+changes`);
  });

  it('is the same when results have been written into the docs', async () => {
    const hash = await commitAFile();
    await mkdir(join(folder, 'docs'));
    await writeFile(join(folder, 'docs/performance-results.json'), '[]');
    expect(describeCommit(folder)).toBe(hash);
  });

  it('is unknown without git, and in a folder of another repository', async () => {
    expect(describeCommit(folder)).toBeUndefined();
    await commitAFile();
    await mkdir(join(folder, 'unpacked'));
    expect(describeCommit(join(folder, 'unpacked'))).toBeUndefined();
  });
});
