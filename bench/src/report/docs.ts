import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { scenarios } from '../scenarios/index.js';
import { resultsMarkdown, withResults } from './markdown.js';
import { plotsOf } from './plots.js';
import type { ScenarioReport } from './summarize.js';

/**
 * Writes tables into `performance.md`, plots beside it and everything into `performance-results.json`, all in `folder`. What
 * was measured before and not now stays, so that one scenario can be repeated.
 */
export async function writeDocs(folder: string, reports: readonly ScenarioReport[]): Promise<void> {
  const dataFile = join(folder, 'performance-results.json');
  const all = mergeReports(await readReports(dataFile), reports);
  const page = join(folder, 'performance.md');
  await writeFile(page, withResults(await readFile(page, 'utf8'), resultsMarkdown(all)));
  await writeFile(dataFile, `${JSON.stringify(all, undefined, 2)}\n`);
  const images = join(folder, 'images/performance');
  await mkdir(images, { recursive: true });
  for (const { file, svg } of all.flatMap(plotsOf)) await writeFile(join(images, file), svg);
}

/** The newest of each scenario that there still is, in the order in which they run. */
export function mergeReports(
  before: readonly ScenarioReport[],
  now: readonly ScenarioReport[],
): readonly ScenarioReport[] {
  const byName = new Map([...before, ...now].map((report) => [report.name, report]));
  return scenarios.flatMap(({ name }) => byName.get(name) ?? []);
}

async function readReports(file: string): Promise<readonly ScenarioReport[]> {
  try {
    const reports: readonly ScenarioReport[] = JSON.parse(await readFile(file, 'utf8'));
    return reports;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
