/** Compiles on every change and restarts the gateway: `tsc -b -w`, Vite for the page, `node --watch`. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, runNode, scriptPath, toolPath } from './run.mjs';

const page = join(root, 'apps/gateway/web');

if ((await runNode(scriptPath('build.mjs'))) !== 0) process.exit(1);

const commands = [
  [toolPath('typescript', 'tsc'), '-b', '-w', '--preserveWatchOutput'],
  ['--watch', '--watch-preserve-output', 'apps/gateway/dist/main.js'],
];
if (existsSync(join(page, 'index.html'))) {
  const output = join(root, 'apps/gateway/dist/public');
  commands.push([toolPath('vite'), 'build', page, '--outDir', output, '--watch', '--logLevel', 'warn']);
}

const children = commands.map((args) => spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }));

/** One gone, all gone: a half-running set would show yesterday's code. */
function stop() {
  for (const child of children) child.kill('SIGTERM');
}
for (const child of children) child.once('exit', stop);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
