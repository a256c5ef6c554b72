import { figure } from './figures.js';
import { measuredText, originsOf } from './origin.js';
import { plotsOf } from './plots.js';
import type { GoalResult, ScenarioReport } from './summarize.js';
import { cellsOf, missingTexts, unitsOf } from './text-table.js';

/** What a document has around the results; the rest of it is written by hand. */
export const markers = { begin: '<!-- results:begin -->', end: '<!-- results:end -->' } as const;

/** Replaces what stands between the markers. @throws {Error} where they are missing. */
export function withResults(document: string, results: string): string {
  const begin = document.indexOf(markers.begin);
  const end = document.indexOf(markers.end, begin);
  if (begin < 0 || end < 0) throw new Error(`Expected ${markers.begin} and ${markers.end} around the results.`);
  return `${document.slice(0, begin + markers.begin.length)}\n\n${results}\n\n${document.slice(end)}`;
}

/** All results: where they come from, the goals, then each scenario. */
export function resultsMarkdown(reports: readonly ScenarioReport[]): string {
  return [
    // Whoever measures should not have to format.
    '<!-- prettier-ignore-start -->',
    '',
    ...originsOf(reports).map((origin) => `- ${origin}`),
    '',
    ...goalSection(reports.flatMap(({ goals }) => goals)),
    ...reports.flatMap((report) => [...scenarioSection(report), '']),
    '<!-- prettier-ignore-end -->',
  ].join('\n');
}

function scenarioSection(report: ScenarioReport): readonly string[] {
  return [
    `### ${report.title}`,
    '',
    ...plotsOf(report).flatMap(({ file, description }) => [`![${description}](images/performance/${file})`, '']),
    `\`${report.name}\` · ${unitsOf(report)}`,
    '',
    table(cellsOf(report.rows)),
    '',
    `<sub>${[measuredText(report), ...(report.placement === undefined ? [] : [report.placement])].join(' · ')}</sub>`,
    ...missingTexts(report).flatMap((text) => ['', `${text}.`]),
  ];
}

function goalSection(goals: readonly GoalResult[]): readonly string[] {
  if (goals.length === 0) return [];
  const lines = goals.map((goal) => [goal.text, ...wanted(goal), written(goal.value), outcome(goal)]);
  return ['### Goals', '', table([['', 'goal', 'stretch', 'reached', ''], ...lines]), ''];
}

function wanted({ goal, stretch, atLeast }: GoalResult): readonly string[] {
  const sign = atLeast ? '≥' : '≤';
  return [`${sign} ${figure(goal)}`, stretch === undefined ? '' : `${sign} ${figure(stretch)}`];
}

function written(value: number | undefined): string {
  return value === undefined ? '–' : `**${figure(value)}**`;
}

/** In words. */
export function outcome({ value, stretch, atLeast, isMet }: GoalResult): string {
  if (value === undefined) return 'not measured';
  if (isMet !== true) return 'missed';
  const isStretchMet = stretch !== undefined && (atLeast ? value >= stretch : value <= stretch);
  return isStretchMet ? 'met, the stretch too' : 'met';
}

/** The first column is text, the others are numbers. */
function table([head = [], ...lines]: readonly (readonly string[])[]): string {
  const rule = head.map((_, column) => (column === 0 ? '---' : '---:'));
  return [head, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
