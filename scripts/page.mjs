import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { root, toolPath } from './run.mjs';

/** The sources of the demo page. */
export const pageFolder = join(root, 'apps/gateway/web');

/** Where the gateway serves the built page from. */
export const pageOutput = join(root, 'apps/gateway/dist/public');

export const hasPage = () => existsSync(join(pageFolder, 'index.html'));

/** What node runs to build the page. */
export const pageBuildCommand = () => [
  toolPath('vite'),
  ...['build', pageFolder, '--outDir', pageOutput, '--emptyOutDir', '--logLevel', 'warn'],
];
