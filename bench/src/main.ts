import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { parseCommandLine, usage, type RunOptions } from './command-line.js';
import { findCores } from './harness/cores.js';
import { describeMachine } from './harness/machine.js';
import { measure } from './harness/measure.js';
import type { ScenarioResult } from './report/summarize.js';
import { describeGoals, describeScenario } from './report/text-table.js';
import { writeDocs } from './report/docs.js';
import { scenarios } from './scenarios/index.js';

const resultsFolder = fileURLToPath(new URL('../results', import.meta.url));

const profilesFolder = `${resultsFolder}/profiles`;

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

async function run({ chosen, rounds, scale, peers, docs, profile }: RunOptions): Promise<void> {
  const cores = findCores();
  const machine = describeMachine();
  console.log(
    `${machine.cpu}, ${machine.cores} cores, ${machine.system}, Node ${machine.node}; ${machine.peers.join(', ')}`,
  );
  if (cores.server === undefined)
    console.log('Processes share all cores here: figures are worth less (needs two cores and taskset).');
  const results: ScenarioResult[] = [];
  for (const scenario of chosen) {
    const result = await measure(scenario, {
      rounds,
      scale,
      cores,
      peers,
      profiles: profile ? profilesFolder : undefined,
      onProgress,
    });
    console.log(describeScenario(result));
    results.push(result);
    await save(scenario.name, { date: new Date().toISOString(), machine, rounds, ...result });
  }
  console.log(describeGoals(results));
  if (docs) await writeDocs({ date: new Date().toISOString().slice(0, 10), machine, rounds, results });
  // What failed was printed; for whoever runs this unattended.
  if (results.some(({ missing }) => missing.some(({ reason }) => reason !== 'not installed'))) process.exitCode = 1;
}

function onProgress(text: string): void {
  console.error(text);
}

async function save(name: string, result: object): Promise<void> {
  await mkdir(resultsFolder, { recursive: true });
  await writeFile(`${resultsFolder}/${name}.json`, `${JSON.stringify(result, undefined, 2)}\n`);
}
