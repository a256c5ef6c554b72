/**
 * What `npm run bench` runs: its arguments are read first, so that help and mistakes are answered at once; then build, the
 * benchmark's peers, and the benchmark with the arguments passed through.
 */
import { importSources } from './import-sources.mjs';
import { compileBench, preparePeers } from './prepare-bench.mjs';
import { runNode, scriptPath } from './run.mjs';

const args = process.argv.slice(2);
const [{ parseCommandLine }, { say }] = await importSources('command-line', 'arguments');
const command = parseCommandLine(args);

if (command.kind === 'answer') say(command);
else {
  await preparePeers();
  process.exitCode =
    (await runNode(scriptPath('build.mjs'))) || (await compileBench()) || (await runNode('bench/dist/main.js', args));
}
