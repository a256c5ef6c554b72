import type { Machine } from '../harness/machine.js';
import type { ScenarioResult } from './summarize.js';

/** A whole run, with where and when it was. */
export interface Report {
  /** `2026-01-31` */
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly results: readonly ScenarioResult[];
}

/** Writes tables and plots. */
export async function writeDocs(report: Report): Promise<void> {
  console.log(report.date);
}
