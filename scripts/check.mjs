/**
 * Everything that can be said about the code without running it: `npm run check`. Runs all checks, even after one
 * failed, prints what the failed ones found, and sums up. `npm run check -- lint knip` runs only those.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { capture, root, scriptPath, toolPath } from './run.mjs';

const libraries = ['libs/protocol', 'libs/redis', 'libs/wsc', 'libs/client', 'libs/publisher'];
const sources = ['libs', 'apps', 'test', 'bench', 'scripts'].filter((path) => existsSync(join(root, path)));

/** Each check: a name and the commands (arguments to node) that must all succeed. */
const checks = [
  { name: 'build', commands: [[scriptPath('build.mjs')]] },
  { name: 'format', commands: [[toolPath('prettier'), '--check', '--log-level', 'warn', '.']] },
  { name: 'lint', commands: [[toolPath('eslint'), '--max-warnings', '0', '.']] },
  { name: 'typecheck', commands: [[toolPath('typescript', 'tsc'), '-p', 'tsconfig.test.json']] },
  { name: 'published', commands: [[toolPath('typescript', 'tsc'), '-p', 'tsconfig.declarations.json']] },
  { name: 'layers', commands: [[toolPath('dependency-cruiser', 'depcruise'), ...sources]] },
  { name: 'knip', commands: [[toolPath('knip'), '--no-progress']] },
  { name: 'publint', commands: libraries.map((library) => [toolPath('publint'), 'run', library, '--strict']) },
  {
    name: 'attw',
    commands: libraries.map((library) => [
      toolPath('@arethetypeswrong/cli', 'attw'),
      ...['--pack', library, '--profile', 'esm-only', '--no-emoji', '--no-summary', '--format', 'ascii'],
    ]),
  },
];

async function runCheck({ name, commands }) {
  const startedAt = performance.now();
  process.stdout.write(`${name.padEnd(10)} `);
  const failures = [];
  for (const command of commands) {
    const { code, output } = await capture(process.execPath, command);
    if (code !== 0) failures.push(output.trim());
  }
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  console.log(`${failures.length === 0 ? 'ok    ' : 'FAILED'} ${seconds.padStart(6)} s`);
  for (const failure of failures) console.log(`\n${failure}\n`);
  return failures.length === 0;
}

function select(names) {
  const unknown = names.filter((name) => !checks.some((check) => check.name === name));
  if (unknown.length > 0) {
    throw new Error(`Unknown check: ${unknown.join(', ')}. There are: ${checks.map(({ name }) => name).join(', ')}.`);
  }
  return names.length === 0 ? checks : checks.filter((check) => names.includes(check.name));
}

const selected = select(process.argv.slice(2));
const failed = [];
for (const check of selected) {
  if (!(await runCheck(check))) failed.push(check.name);
}
console.log(
  failed.length === 0
    ? `All ${selected.length} checks passed.`
    : `${failed.length} of ${selected.length} checks failed: ${failed.join(', ')}.`,
);
process.exitCode = failed.length === 0 ? 0 : 1;
