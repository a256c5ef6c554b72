import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseCommandLine, usage, type RunOptions } from './command-line.js';
import { anyCore, findCores, type Cores } from './harness/cores.js';
import { describeMachine, machineText, type Machine } from './harness/machine.js';
import { measure } from './harness/measure.js';
import { Processes } from './harness/processes.js';
import { writeDocs } from './report/docs.js';
import type { ScenarioReport } from './report/summarize.js';
import { describeGoals, describeScenario } from './report/text-table.js';
import { scenarios } from './scenarios/index.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

const command = parseCommandLine(process.argv.slice(2));
switch (command.kind) {
  case 'help':
    console.log(usage());
    break;
  case 'list':
    for (const { name, title } of scenarios) console.log(`${name.padEnd(24)} ${title}`);
    break;
  case 'wrong':
    console.error(`${command.message}\n\n${usage()}`);
    process.exitCode = 2;
    break;
  case 'run':
    await run(command.options);
}

async function run({ chosen, rounds, scale, peers, docs, into, profile }: RunOptions): Promise<void> {
  const cores = scale === 'full' ? findCores() : anyCore;
  const machine = describeMachine();
  const folder = into ?? repository;
  console.log(describeRun(machine, cores));
  await using processes = new Processes({ cores, keep: scale === 'smoke' });
  const profiles = profile ? join(folder, 'bench/results/profiles') : undefined;
  const reports: ScenarioReport[] = [];
  for (const scenario of chosen) {
    const result = await measure(scenario, { rounds, scale, processes, peers, profiles, onProgress });
    const report = { date: new Date().toISOString(), machine, rounds, ...result };
    console.log(describeScenario(report));
    reports.push(report);
    if (scale === 'full' || into !== undefined) await save(join(folder, 'bench/results'), report);
    // After each, so that a run that is cut short has not been in vain.
    if (docs) await writeDocs(join(folder, 'docs'), [report]);
  }
  console.log(describeGoals(reports));
  // What failed was printed; for whoever runs this unattended.
  if (reports.some(({ missing }) => missing.some(({ hasFailed }) => hasFailed))) process.exitCode = 1;
}

function describeRun(machine: Machine, { server }: Cores): string {
  const shared =
    server === undefined ? '\nProcesses share all cores: figures are worth less (needs two cores and taskset).' : '';
  return machineText(machine) + shared;
}

function onProgress(text: string): void {
  console.error(text);
}

async function save(folder: string, report: ScenarioReport): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, `${report.name}.json`), `${JSON.stringify(report, undefined, 2)}\n`);
}
