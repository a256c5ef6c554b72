/** Runs the programs of test/ that are no tests: what they share with tests are the servers and networks in test/support. */
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { transform } from '@swc/core';
import { findProgram, programVariables } from './programs.mjs';
import { root, runNode, scriptPath } from './run.mjs';

const swc = {
  swcrc: false,
  jsc: { target: 'es2022', parser: { syntax: 'typescript', decorators: true } },
  module: { type: 'commonjs' },
};

/** Compiles test/<name> and test/support into a folder that is as far from the root, where they find the built gateway. */
async function compileInto(folder, name) {
  const source = join(root, 'test');
  const files = await Promise.all(
    [name, 'support'].map(async (part) =>
      (await readdir(join(source, part), { recursive: true })).map((file) => join(part, file)),
    ),
  );
  await writeFile(join(folder, 'package.json'), '{"type":"commonjs"}\n');
  const isProgram = (file) => /(?<!\.d|\.spec|\.fixture)\.ts$/.test(file);
  await Promise.all(
    files
      .flat()
      .filter(isProgram)
      .map(async (file) => {
        const { code } = await transform(await readFile(join(source, file), 'utf8'), swc);
        const target = join(folder, file.replace(/\.ts$/, '.js'));
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, code);
      }),
  );
}

/**
 * Reads the arguments with `command-line.ts` of test/<name>, so that help and mistakes are answered at once; then builds, and runs its
 * `main.ts`, compiled without a look at its types.
 *
 * @param {string} name
 */
export async function runTestProgram(name) {
  const folder = await mkdtemp(join(root, `.${name}-`));
  try {
    await compileInto(folder, name);
    const load = createRequire(join(folder, 'package.json'));
    const command = load(`./${name}/command-line.js`).parseCommandLine(process.argv.slice(2));
    if (command.kind === 'answer') {
      console[command.exitCode === 0 ? 'log' : 'error'](command.text);
      process.exitCode = command.exitCode;
      return;
    }
    process.exitCode = await runNode(scriptPath('build.mjs'));
    for (const variable of programVariables) {
      const path = findProgram(variable);
      if (path !== undefined) process.env[variable] = path;
    }
    if (process.exitCode === 0) await load(`./${name}/main.js`).main(command);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  // One that was interrupted may still wait for what it has ended, for a minute.
  process.exit();
}
