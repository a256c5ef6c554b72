/** What `npm run bench` runs: build, the benchmark's peers, the benchmark with the arguments passed through. */
import { compileBench, preparePeers } from './prepare-bench.mjs';
import { runNode, scriptPath } from './run.mjs';

const args = process.argv.slice(2);
const doesMeasure = !args.includes('--help') && !args.includes('--list');

if (doesMeasure) await preparePeers();
process.exitCode =
  (await runNode(scriptPath('build.mjs'))) || (await compileBench()) || (await runNode('bench/dist/main.js', args));
