/**
 * Installs the programs that the tests need and npm cannot bring: Chromium, from the system's own packages. Does
 * nothing when it is there. Never downloads a browser from anywhere else.
 */
import { existsSync } from 'node:fs';
import { capture, run } from './run.mjs';
import { findChromium } from './chromium.mjs';

const wanted = [
  {
    aptPackage: 'chromium',
    // A machine without a screen may have no font at all, and a page without letters has no layout to test.
    alongside: ['fonts-dejavu-core'],
    isInstalled: () => findChromium() !== undefined,
    advice: 'install chromium, or set CHROMIUM_PATH to a Chromium or Chrome that is there',
  },
];

/** How to become root: nothing to add, `sudo` without a password, or not at all. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const { code } = await capture('sudo', ['-n', 'true']);
  return code === 0 ? ['sudo', '-n'] : undefined;
}

async function aptGet(prefix, ...args) {
  const [program, ...rest] = [...prefix, 'env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...args];
  return (await run(program, rest, { stdio: ['ignore', 'inherit', 'inherit'] })) === 0;
}

/** Mirrors fail now and then, and a package list may be older than the mirror: each attempt updates it first. */
async function install(prefix, packages) {
  for (let attempt = 1; attempt <= 2; attempt++) {
    console.log(`Installing ${packages.join(', ')} with apt-get${attempt > 1 ? ', once more' : ''} …`);
    await aptGet(prefix, 'update');
    if (await aptGet(prefix, 'install', '--no-install-recommends', ...packages)) return true;
  }
  return false;
}

async function reasonItCannotBeInstalled(packages) {
  if (!existsSync('/usr/bin/apt-get')) return 'this system has no apt-get';
  const prefix = await rootPrefix();
  if (prefix === undefined) return 'this user is not root and has no sudo without a password';
  return (await install(prefix, packages)) ? undefined : 'apt-get failed, see above';
}

const missing = wanted.filter((program) => !program.isInstalled());
if (missing.length > 0) {
  const reason = await reasonItCannotBeInstalled(
    missing.flatMap((program) => [program.aptPackage, ...program.alongside]),
  );
  const stillMissing = missing.filter((program) => !program.isInstalled());
  for (const { aptPackage, advice } of stillMissing) {
    console.error(`${aptPackage} is missing and was not installed (${reason ?? 'it is still not found'}): ${advice}.`);
  }
  if (stillMissing.length > 0) process.exitCode = 1;
}
