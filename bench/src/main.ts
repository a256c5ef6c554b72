import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { say } from './arguments.js';
import { parseCommandLine, type RunOptions } from './command-line.js';
import { describeCommit } from './harness/commit.js';
import { anyCore, findCores, type Cores } from './harness/cores.js';
import { describeMachine, machineText, type Machine } from './harness/machine.js';
import { measure } from './harness/measure.js';
import { Processes } from './harness/processes.js';
import { writeDocs } from './report/docs.js';
import type { ScenarioReport } from './report/summarize.js';
import { describeEnd, describeScenario } from './report/text-table.js';
import type { Scale } from './scenarios/scenario.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const command = parseCommandLine(process.argv.slice(2));
if (command.kind === 'answer') say(command);
else await run(command.options);

async function run({ chosen, rounds, scale, peers, docs, into, profile }: RunOptions): Promise<void> {
  const cores = scale === 'full' ? findCores() : anyCore;
  const machine = describeMachine();
  // Before anything is written, and once: what was compiled does not change while it is measured.
  const commit = describeCommit(repository);
  const folder = into ?? repository;
  console.log(describeRun({ machine, commit, scale, cores }));
  await using processes = new Processes({ cores, keep: scale === 'smoke' });
  const profiles = profile ? join(folder, 'bench/results/profiles') : undefined;
  const reports: ScenarioReport[] = [];
  for (const scenario of chosen) {
    const result = await measure(scenario, { rounds, scale, processes, peers, profiles, onProgress });
    const date = new Date().toISOString();
    const report = { date, ...(commit !== undefined && { commit }), machine, rounds, ...result };
    console.log(describeScenario(report));
    reports.push(report);
    if (scale === 'full' || into !== undefined) await save(join(folder, 'bench/results'), report);
    // After each, so that a run that is cut short has not been in vain.
    if (docs) await writeDocs(join(folder, 'docs'), [report]);
  }
  console.log(describeEnd(reports, scale));
  // What failed was printed; for whoever runs this unattended.
  if (reports.some(({ missing }) => missing.some(({ hasFailed }) => hasFailed))) process.exitCode = 1;
}

interface Run {
  readonly machine: Machine;
  readonly commit: string | undefined;
  readonly scale: Scale;
  readonly cores: Cores;
}

function describeRun({ machine, commit, scale, cores }: Run): string {
  const lines = [machineText(machine)];
  if (commit !== undefined) lines.push(`commit ${commit}`);
  if (scale === 'full' && cores.server === undefined) {
    lines.push('Processes share all cores: figures are worth less (needs two cores and taskset).');
  }
  return lines.join('\n');
}

function onProgress(text: string): void {
  console.error(text);
}

async function save(folder: string, report: ScenarioReport): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${report.name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
}
