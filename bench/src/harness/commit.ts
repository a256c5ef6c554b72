import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/**
 * What was measured: the short hash of the commit that is checked out in `folder`, with `+changes` where its files are others.
 * Undefined where there is no git, or none of its own: an unpacked archive may lie in another repository. `docs` is not looked
 * at, because nothing of it runs, and because results are written there.
 */
export function describeCommit(folder: string): string | undefined {
  if (!existsSync(join(folder, '.git'))) return undefined;
  const hash = git(folder, 'rev-parse', '--short', 'HEAD');
  const changes = git(folder, 'status', '--porcelain', '--', '.', ':(exclude)docs');
  if (hash === undefined || changes === undefined) return undefined;
  return changes === '' ? hash : `${hash}+changes`;
}

function git(folder: string, ...args: readonly string[]): string | undefined {
  const { status, stdout } = spawnSync('git', args, { cwd: folder, encoding: 'utf8' });
  return status === 0 ? stdout.trim() : undefined;
}
