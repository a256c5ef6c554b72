import type { Row, Variant } from '../scenarios/scenario.js';
import { labelOf, type ScenarioReport } from './summarize.js';

/** A row as `summarize` makes it. */
export function rowOf(variant: Variant, figures: Partial<Row>): Row {
  return { variant, label: labelOf(variant), rounds: 3, ranges: {}, ...figures };
}

/** What a run writes of the scenario `burst-1000-128b`. */
export const burstReport: ScenarioReport = {
  name: 'burst-1000-128b',
  title: 'Bursts & more',
  operation: 'delivery',
  date: '2026-01-31T12:00:00.000Z',
  commit: '1a2b3c4',
  rounds: 3,
  machine: { cpu: 'A CPU', cores: 2, memoryGb: 4, system: 'Linux 6', node: 'v20.0.0', v8: '11', peers: ['ws 8.0.0'] },
  rows: [
    rowOf({ peer: 'stock' }, { cpuNs: 6000, ranges: { cpuNs: [5000, 7000] } }),
    rowOf({ peer: 'ours' }, { cpuNs: 100, ranges: { cpuNs: [90, 110] } }),
  ],
  goals: [
    { text: 'CPU against stock', goal: 0.025, stretch: 0.018, atLeast: false, value: 1 / 60, isMet: true },
    { text: 'CPU against Bun', goal: 0.6, atLeast: false },
  ],
  missing: [{ label: 'Bun', reason: 'not installed', hasFailed: false }],
};
