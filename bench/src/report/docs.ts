import type { ScenarioReport } from './summarize.js';

/** Writes tables and plots. */
export async function writeDocs(folder: string, reports: readonly ScenarioReport[]): Promise<void> {
  console.log(folder, reports.length);
}
