/** Removes everything that a build or a test run made; `node_modules` stays. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './run.mjs';

const packages = await Promise.all(
  ['libs', 'apps'].map(async (group) => (await readdir(join(root, group))).map((name) => join(group, name))),
);
const made = [...packages.flat().map((path) => join(path, 'dist')), 'bench/dist', 'coverage', 'node_modules/.cache'];
await Promise.all(made.map((path) => rm(join(root, path), { recursive: true, force: true })));
