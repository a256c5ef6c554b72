import type { Row, Scale } from '../scenarios/scenario.js';
import { columnsOf, figure } from './figures.js';
import type { GoalResult, ScenarioResult } from './summarize.js';

/** A table of columns as wide as they must be; numbers stand at the right. */
function textTable(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

/** Heads and cells of a scenario's rows. */
export function cellsOf(rows: readonly Row[]): string[][] {
  const columns = columnsOf(rows);
  return [columns.map(({ head }) => head), ...rows.map((row) => columns.map(({ cell }) => cell(row) ?? ''))];
}

/** Everything about one scenario, for a terminal. */
export function describeScenario(result: ScenarioResult): string {
  const { title, rows, goals } = result;
  return [
    '',
    title,
    unitsOf(result),
    ...(result.placement === undefined ? [] : [result.placement]),
    textTable(cellsOf(rows)),
    ...missingTexts(result),
    ...goals.map((goal) => `  ${judgement(goal)}`),
  ].join('\n');
}

/** What the columns hold. */
export function unitsOf({ operation, bytesAre, timesAre, rows }: ScenarioResult): string {
  return [
    ...(rows.some(({ cpuNs }) => cpuNs !== undefined) ? [`CPU of ${serversOf(rows)} per ${operation}`] : []),
    ...(timesAre === undefined ? [] : [`p50, p99 and all: ${timesAre}`]),
    ...(bytesAre === undefined ? [] : [`memory: ${bytesAre}`]),
  ].join('; ');
}

/** Whose CPU it is. */
export function serversOf(rows: readonly Row[]): string {
  return rows.some(({ variant }) => variant.nodes !== undefined) ? 'all nodes together' : 'the server';
}

/** Which figures are missing, and why. */
export function missingTexts({ rows, missing }: ScenarioResult): readonly string[] {
  return missing.map(({ label, reason }) => {
    const row = rows.find((candidate) => candidate.label === label);
    return `${label}: ${row === undefined ? 'not measured' : `measured ${row.rounds}×`} (${reason})`;
  });
}

/** What is said when all is done, for a terminal: all goals together, where there were several scenarios. */
export function describeEnd(results: readonly ScenarioResult[], scale: Scale): string {
  if (scale === 'smoke') return `\n${describeSmoke(results)}`;
  if (results.length === 1) return '';
  return ['', 'Goals', ...results.flatMap(({ goals }) => goals).map((goal) => `  ${judgement(goal)}`)].join('\n');
}

function describeSmoke(results: readonly ScenarioResult[]): string {
  const hasFailed = results.some(({ missing }) => missing.some((entry) => entry.hasFailed));
  const outcome = hasFailed ? 'Not everything runs, see above.' : 'Everything runs; that is all this shows.';
  return `${outcome} Figures of such tiny numbers mean nothing, so no goal was judged.`;
}

function judgement({ text, goal, stretch, atLeast, value, isMet }: GoalResult): string {
  const wanted = `${atLeast ? '≥' : '≤'} ${figure(goal)}${stretch === undefined ? '' : `, stretch ${figure(stretch)}`}`;
  if (value === undefined) return `?  ${text}: not measured (${wanted})`;
  return `${isMet === true ? '✓' : '✗'}  ${text}: ${figure(value)} (${wanted})`;
}
