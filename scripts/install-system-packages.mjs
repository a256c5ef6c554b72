/**
 * Installs the programs that the tests need and npm cannot bring, from the system's own packages: Chromium, Redis and
 * nginx. Does nothing when they are there. Never downloads one from anywhere else, and starts none: the tests run their
 * own, on free ports.
 */
import { existsSync } from 'node:fs';
import { findProgram } from './programs.mjs';
import { capture, run } from './run.mjs';

const wanted = [
  {
    aptPackage: 'chromium',
    // A machine without a screen may have no font at all, and a page without letters has no layout to test.
    alongside: ['fonts-dejavu-core'],
    services: [],
    variable: 'CHROMIUM_PATH',
    advice: 'install chromium, or set CHROMIUM_PATH to a Chromium or Chrome that is there',
  },
  {
    aptPackage: 'redis-server',
    alongside: [],
    services: ['redis-server'],
    variable: 'REDIS_SERVER_PATH',
    advice: 'install redis-server, version 7 or later, or set REDIS_SERVER_PATH to one that is there',
  },
  {
    aptPackage: 'nginx',
    alongside: [],
    services: ['nginx'],
    variable: 'NGINX_PATH',
    advice: 'install nginx, or set NGINX_PATH to one that is there',
  },
];

/**
 * Debian starts a service as it is installed, and this is its way to say no. A policy that the machine has already stays,
 * and with it whatever it says.
 */
const withoutStartingServices = `
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  trap 'rm -f "$policy"' EXIT HUP INT TERM
  printf '#!/bin/sh\\nexit 101\\n' > "$policy" && chmod 755 "$policy"
fi
"$@"`;

/** How to become root: nothing to add, `sudo` without a password, or not at all. */
async function rootPrefix() {
  if (process.getuid?.() === 0) return [];
  const { code } = await capture('sudo', ['-n', 'true']);
  return code === 0 ? ['sudo', '-n'] : undefined;
}

async function runAsRoot(prefix, ...command) {
  const [program, ...args] = [...prefix, ...command];
  return (await run(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })) === 0;
}

const aptGet = (prefix, ...args) =>
  runAsRoot(
    prefix,
    ...['sh', '-c', withoutStartingServices, 'sh'],
    ...['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', '-q', '-y', ...args],
  );

/** One program a time, so that one which this system's mirrors don't have keeps no other from being installed. */
async function install(prefix, { aptPackage, alongside, services }) {
  const newServices = services.filter((service) => !existsSync(`/lib/systemd/system/${service}.service`));
  const isInstalled = await aptGet(prefix, 'install', '--no-install-recommends', aptPackage, ...alongside);
  // Nor may it start with the machine and take a port that the machine's owner never gave it.
  if (isInstalled && newServices.length > 0 && existsSync('/usr/bin/systemctl')) {
    await runAsRoot(prefix, 'systemctl', '--quiet', 'disable', ...newServices);
  }
  return isInstalled;
}

/** Mirrors fail now and then, and a package list may be older than the mirror: each attempt updates it first. */
async function installAll(prefix, programs) {
  let left = programs;
  for (let attempt = 1; attempt <= 2 && left.length > 0; attempt++) {
    const names = left.map(({ aptPackage }) => aptPackage).join(', ');
    console.log(`Installing ${names} with apt-get${attempt > 1 ? ', once more' : ''} …`);
    await aptGet(prefix, 'update');
    const failed = [];
    for (const program of left) {
      if (!(await install(prefix, program))) failed.push(program);
    }
    left = failed;
  }
  return left.length === 0;
}

async function reasonTheyCannotBeInstalled(programs) {
  if (!existsSync('/usr/bin/apt-get')) return 'this system has no apt-get';
  const prefix = await rootPrefix();
  if (prefix === undefined) return 'this user is not root and has no sudo without a password';
  return (await installAll(prefix, programs)) ? undefined : 'apt-get failed, see above';
}

const findMissing = () => wanted.filter(({ variable }) => findProgram(variable) === undefined);

const missing = findMissing();
if (missing.length > 0) {
  const reason = await reasonTheyCannotBeInstalled(missing);
  const stillMissing = findMissing();
  for (const { aptPackage, advice } of stillMissing) {
    console.error(`${aptPackage} is missing and was not installed (${reason ?? 'it is still not found'}): ${advice}.`);
  }
  if (stillMissing.length > 0) process.exitCode = 1;
}
