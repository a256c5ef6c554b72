import { machineText } from '../harness/machine.js';
import type { ScenarioReport } from './summarize.js';

/** When, what, how often and where a scenario was measured, for the small print of a plot. */
export function originOf(report: ScenarioReport): string {
  const { cpu, cores, system, node } = report.machine;
  return `${measuredText(report)} · ${cpu}, ${cores} cores, ${system}, Node ${node}`;
}

/** When, what and how often, for the small print below a table: scenarios of one page may be of different commits. */
export function measuredText({ date, commit, rounds }: ScenarioReport): string {
  const repeated = rounds === 1 ? 'one round' : `medians of ${rounds} rounds`;
  return [dayOf(date), ...(commit === undefined ? [] : [`commit ${commit}`]), repeated].join(' · ');
}

/** The same of all scenarios, with all versions: from when to when, of which commits, on which machines. */
export function originsOf(reports: readonly ScenarioReport[]): readonly string[] {
  const names = new Map<string, string[]>();
  for (const { machine, name } of reports) {
    const text = machineText(machine);
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  const machines = [...names].map(([text, on]) => (names.size === 1 ? text : `${text} (${on.join(', ')})`));
  return [spanText(reports), ...machines];
}

function spanText(reports: readonly ScenarioReport[]): string {
  const days = reports.map(({ date }) => dayOf(date)).sort();
  const [first = '', last = ''] = [days[0], days.at(-1)];
  const commits = [...new Set(reports.flatMap(({ commit }) => commit ?? []))];
  const when = first === last ? `Measured on ${first}` : `Measured from ${first} to ${last}`;
  if (commits.length === 0) return when;
  // Of one that is older than this nobody knows.
  const isOfAll = commits.length === 1 && reports.every(({ commit }) => commit !== undefined);
  const what = isOfAll ? `commit ${commits.join()}` : 'different commits; the line below each table says which';
  return `${when}, ${what}`;
}

function dayOf(date: string): string {
  return date.slice(0, 10);
}
