/** Compiles on every change and restarts the gateway: `tsc -b -w`, Vite for the page, `node --watch`. */
import { spawn } from 'node:child_process';
import { hasPage, pageBuildCommand } from './page.mjs';
import { root, runNode, scriptPath, toolPath } from './run.mjs';

if ((await runNode(scriptPath('build.mjs'))) !== 0) process.exit(1);

const commands = [
  [toolPath('typescript', 'tsc'), '-b', '-w', '--preserveWatchOutput'],
  ['--watch', '--watch-preserve-output', 'apps/gateway/dist/main.js'],
];
if (hasPage()) commands.push([...pageBuildCommand(), '--watch']);

const children = commands.map((args) => spawn(process.execPath, args, { cwd: root, stdio: 'inherit' }));

/** One gone, all gone: a half-running set would show yesterday's code. */
function stop() {
  for (const child of children) child.kill('SIGTERM');
}
for (const child of children) child.once('exit', stop);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
