import { cp, mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root, run, runNode, toolPath } from './run.mjs';

const benchFolder = join(root, 'bench');
const installed = join(benchFolder, 'node_modules');
/** Peers are installed here and moved when all are there: `npm ci` begins by removing those that were. */
const staging = join(benchFolder, 'dist/.install');

/** Runs on slow networks, and does not wait for ever on dead ones. */
const installTimeoutMs = 5 * 60_000;

const readLock = (path) => readFile(path, 'utf8').then(JSON.parse, () => undefined);

/** Whether what npm says it installed is what the lock file wants. Packages for other systems are optional. */
async function arePeersCurrent() {
  const wanted = await readLock(join(benchFolder, 'package-lock.json'));
  const found = await readLock(join(installed, '.package-lock.json'));
  return Object.entries(wanted.packages)
    .filter(([path, { optional }]) => path !== '' && !optional)
    .every(([path, { version }]) => found?.packages[path]?.version === version);
}

/** npm's own program where npm runs this (the same on every system), else whatever `npm` is. */
function npm(args, options) {
  const { npm_execpath: program } = process.env;
  return program === undefined ? run('npm', args, options) : run(process.execPath, [program, ...args], options);
}

async function installPeers() {
  await rm(staging, { recursive: true, force: true });
  await mkdir(staging, { recursive: true });
  for (const name of ['package.json', 'package-lock.json', '.npmrc']) {
    await cp(join(benchFolder, name), join(staging, name));
  }
  const args = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
  const code = await npm(args, { cwd: staging, timeout: installTimeoutMs });
  if (code === 0) {
    await rm(installed, { recursive: true, force: true });
    await rename(join(staging, 'node_modules'), installed);
  }
  await rm(staging, { recursive: true, force: true });
  return code;
}

/**
 * Installs the peers that the benchmark compares with, where they are missing or outdated. A warning, not a failure, where
 * that is not possible: the benchmark says of each peer whether it was there.
 */
export async function preparePeers() {
  if (await arePeersCurrent()) return;
  console.log('Installing the peers of the benchmark (npm ci in bench/, 220 MB on disk) …');
  if ((await installPeers()) === 0) return;
  console.warn(
    'The peers of the benchmark could not be installed, see above: those that are missing are not measured.',
  );
}

/**
 * Compiles the benchmark, with what it needs of the packages; what is up to date takes a moment.
 *
 * @returns {Promise<number>} an exit code
 */
export const compileBench = () => runNode(toolPath('typescript', 'tsc'), ['-b', 'bench']);
