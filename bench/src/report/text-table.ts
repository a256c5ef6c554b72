import type { Row } from '../scenarios/scenario.js';
import { columnsOf, figure } from './figures.js';
import type { GoalResult, ScenarioResult } from './summarize.js';

/** A table of columns as wide as they must be; numbers stand at the right. */
export function textTable(lines: readonly (readonly string[])[]): string {
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
  const { title, operation, bytesAre, rows, goals, missing } = result;
  const explained = rows.some(({ cpuNs }) => cpuNs !== undefined) ? [`CPU of the server per ${operation}`] : [];
  if (bytesAre !== undefined) explained.push(`memory: ${bytesAre}`);
  return [
    '',
    title,
    explained.join('; '),
    textTable(cellsOf(rows)),
    ...missing.map(({ label, reason }) => `${label}: not measured (${reason})`),
    ...goals.map((goal) => `  ${judgement(goal)}`),
  ].join('\n');
}

/** All goals, for a terminal. */
export function describeGoals(results: readonly ScenarioResult[]): string {
  return ['', 'Goals', ...results.flatMap(({ goals }) => goals).map((goal) => `  ${judgement(goal)}`)].join('\n');
}

function judgement({ text, goal, stretch, atLeast, value, isMet }: GoalResult): string {
  const wanted = `${atLeast ? '≥' : '≤'} ${figure(goal)}${stretch === undefined ? '' : `, stretch ${figure(stretch)}`}`;
  if (value === undefined) return `?  ${text}: not measured (${wanted})`;
  return `${isMet === true ? '✓' : '✗'}  ${text}: ${figure(value)} (${wanted})`;
}
