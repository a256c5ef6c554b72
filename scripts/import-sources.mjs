import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from '@swc/core';
import { root } from './run.mjs';

const source = join(root, 'bench/src');
const output = join(root, 'bench/dist');

const swc = {
  swcrc: false,
  jsc: {
    target: 'es2022',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true },
  },
  module: { type: 'es6' },
};

/**
 * Imports modules of the benchmark that need no other package, straight from their source: types unchecked, nothing built. So
 * arguments are read, and `--help` and mistakes answered, before a build that may take a minute.
 *
 * @param {readonly string[]} names their paths in bench/src, without the extension
 */
export async function importSources(...names) {
  await mkdir(output, { recursive: true });
  const folder = await mkdtemp(join(output, '.source-'));
  try {
    const files = await readdir(source, { recursive: true });
    await Promise.all(files.filter((file) => /(?<!\.d|\.spec|\.fixture)\.ts$/.test(file)).map(transformInto(folder)));
    return await Promise.all(names.map((name) => import(pathToFileURL(join(folder, `${name}.js`)).href)));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const transformInto = (folder) => async (file) => {
  const { code } = await transform(await readFile(join(source, file), 'utf8'), swc);
  const target = join(folder, file.replace(/\.ts$/, '.js'));
  await mkdir(dirname(target), { recursive: true });
  await writeFile(target, code);
};
