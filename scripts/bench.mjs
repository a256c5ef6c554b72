/** What `npm run bench` runs: build, the benchmark's peers, the benchmark with the arguments passed through. */
import { prepareBench } from './prepare-bench.mjs';
import { runNode, scriptPath } from './run.mjs';

process.exitCode =
  (await runNode(scriptPath('build.mjs'))) ||
  (await prepareBench()) ||
  (await runNode('bench/dist/main.js', process.argv.slice(2)));
