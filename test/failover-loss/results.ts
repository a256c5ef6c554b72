import type { Tally } from './tally.js';

/** The rounds of one failure. */
export interface Measurement {
  /** `2026-01-31` */
  readonly measuredOn: string;
  readonly rounds: readonly Tally[];
}

/** What docs/failover-loss.json holds. */
export interface Results {
  readonly machine: Readonly<Record<'cpu' | 'cores' | 'system' | 'node' | 'redis', string>>;
  /** By the name of the failure. */
  readonly failures: Readonly<Record<string, Measurement>>;
}
