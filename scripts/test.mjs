/**
 * What `npm test` runs: system packages, build, the benchmark where it is tested too, Jest with the arguments passed
 * through (`npm test -- libs/protocol`). The last line is `N passed, N failed`, for people and for CI; a suite that could
 * not run counts as one failed.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileBench, preparePeers } from './prepare-bench.mjs';
import { capture, runNode, scriptPath, toolPath } from './run.mjs';

/** Reads Jest's own report; without one (Jest broke before the first test) the run itself is what failed. */
async function countResults(reportPath, exitCode) {
  const report = await readFile(reportPath, 'utf8').then(JSON.parse, () => undefined);
  const passed = report?.numPassedTests ?? 0;
  const failed = (report?.numFailedTests ?? 0) + (report?.numRuntimeErrorTestSuites ?? 0);
  return { passed, failed: exitCode === 0 ? failed : Math.max(failed, 1) };
}

async function runJest() {
  const folder = await mkdtemp(join(tmpdir(), 'nest-wsc-test-'));
  try {
    const reportPath = join(folder, 'report.json');
    const args = ['--json', `--outputFile=${reportPath}`, ...process.argv.slice(2)];
    const exitCode = await runNode(toolPath('jest'), args);
    return await countResults(reportPath, exitCode);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `npm test -- libs/protocol` should not wait for the benchmark's peers. */
async function isBenchTested() {
  const args = process.argv.slice(2);
  if (args.length === 0) return true;
  const { output } = await capture(process.execPath, [toolPath('jest'), '--listTests', ...args]);
  return output.includes('bench.spec');
}

async function test() {
  // Without a browser the browser tests fail and say so; everything else is still worth running.
  await runNode(scriptPath('install-system-packages.mjs'));
  if ((await runNode(scriptPath('build.mjs'))) !== 0) return { passed: 0, failed: 1 };
  if (await isBenchTested()) {
    await preparePeers();
    if ((await compileBench()) !== 0) return { passed: 0, failed: 1 };
  }
  return runJest();
}

const { passed, failed } = await test();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
