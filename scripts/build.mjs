/**
 * Builds everything: the packages and the gateway with `tsc -b`, then the demo page with Vite. Both steps look at what
 * changed, so a second build takes a moment and says nothing.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasPage, pageBuildCommand, pageFolder, pageOutput } from './page.mjs';
import { root, run, runNode, toolPath } from './run.mjs';

/** Its time is when the page's last good build began: everything that goes into the page must be older. */
const pageStamp = join(root, 'apps/gateway/dist/.page-built');
const pageInputs = [
  pageFolder,
  ...['libs/client/dist', 'libs/protocol/dist', 'package-lock.json'].map((path) => join(root, path)),
];

/** Newest modification time of a file or of everything below a folder, in ms; 0 if there is nothing. */
async function newest(path) {
  const stats = await stat(path).catch(() => undefined);
  if (stats === undefined) return 0;
  if (!stats.isDirectory()) return stats.mtimeMs;
  const entries = await readdir(path);
  // A folder's own time counts too: it changes when a file is removed.
  return Math.max(stats.mtimeMs, ...(await Promise.all(entries.map((entry) => newest(join(path, entry))))));
}

async function isPageFresh() {
  if (!existsSync(join(pageOutput, 'index.html'))) return false;
  const [builtAt, ...changedAt] = await Promise.all([newest(pageStamp), ...pageInputs.map(newest)]);
  return changedAt.every((time) => time <= builtAt);
}

async function buildPackages() {
  if (!existsSync(join(root, 'apps/gateway/dist/main.js'))) console.log('Building packages and gateway (tsc -b) …');
  return runNode(toolPath('typescript', 'tsc'), ['-b']);
}

async function buildPage() {
  if (!hasPage() || (await isPageFresh())) return 0;
  console.log('Building the page (vite build) …');
  const startedAt = new Date();
  await rm(pageStamp, { force: true });
  const code = await run(process.execPath, pageBuildCommand());
  if (code === 0) {
    await mkdir(pageOutput, { recursive: true });
    await writeFile(pageStamp, '');
    await utimes(pageStamp, startedAt, startedAt);
  }
  return code;
}

process.exitCode = (await buildPackages()) || (await buildPage());
if (process.exitCode !== 0) console.error('The build failed; see above.');
