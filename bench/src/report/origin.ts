import { machineText } from '../harness/machine.js';
import type { ScenarioReport } from './summarize.js';

/** When, how often and on what a scenario was measured, for the small print of a plot. */
export function originOf({ date, rounds, machine }: ScenarioReport): string {
  const { cpu, cores, system, node } = machine;
  return `${date.slice(0, 10)} · ${roundsText(rounds)} · ${cpu}, ${cores} cores, ${system}, Node ${node}`;
}

/** The same of all scenarios, with all versions; what was measured at other times or places has its own line. */
export function originsOf(reports: readonly ScenarioReport[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { date, rounds, machine, name } of reports) {
    const origin = `${date.slice(0, 10)}, ${roundsText(rounds)}: ${machineText(machine)}`;
    names.set(origin, [...(names.get(origin) ?? []), name]);
  }
  if (names.size === 1) return [...names.keys()];
  return [...names].map(([origin, measured]) => `${origin} (${measured.join(', ')})`);
}

function roundsText(rounds: number): string {
  return rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
}
