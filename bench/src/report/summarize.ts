import type { Spent } from '../harness/bench-run.js';
import type { Machine } from '../harness/machine.js';
import { peerOf, type PeerName } from '../harness/peers.js';
import {
  figureNames,
  MissingRow,
  type FigureName,
  type Figures,
  type Goal,
  type Range,
  type Row,
  type Rows,
  type Sample,
  type Scenario,
  type Variant,
} from '../scenarios/scenario.js';
import { median } from './median.js';

/** A scenario with its figures. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly operation: string;
  readonly bytesAre?: string;
  readonly timesAre?: string;
  /** Which process ran on which core; absent of what is older than this. */
  readonly placement?: string;
  readonly rows: readonly Row[];
  readonly goals: readonly GoalResult[];
  /** What could not be measured, and why. */
  readonly missing: readonly (Missing & { readonly label: string })[];
}

/** Why there are no figures, or none of all rounds. */
export interface Missing {
  readonly reason: string;
  /** Else it can't run here, a peer that is not installed. */
  readonly hasFailed: boolean;
}

/** … and with when, where and how often it was measured. */
export interface ScenarioReport extends ScenarioResult {
  /** In the form of ISO 8601. */
  readonly date: string;
  /** What was measured, see {@link describeCommit}; absent where there was no git, and of what is older than this. */
  readonly commit?: string;
  readonly machine: Machine;
  readonly rounds: number;
}

/** What became of a goal. */
export interface GoalResult {
  readonly text: string;
  readonly goal: number;
  readonly stretch?: number;
  readonly atLeast: boolean;
  /** Undefined: a peer was missing. */
  readonly value?: number;
  readonly isMet?: boolean;
}

/** What all rounds of one variant gave, or why there is nothing. */
export interface VariantSamples {
  readonly variant: Variant;
  readonly samples: readonly Sample[];
  readonly missing: Missing | undefined;
}

/** How tables call a variant. */
export function labelOf({ peer, note }: Variant): string {
  const { label } = peerOf(peer);
  return note === undefined ? label : `${label}, ${note}`;
}

/** Medians of the rounds, and what became of the goals. */
export function summarize(scenario: Scenario, measured: readonly VariantSamples[]): ScenarioResult {
  const rows = measured.filter(({ samples }) => samples.length > 0).map(rowOf);
  const { name, title, operation, bytesAre, timesAre } = scenario;
  return {
    name,
    title,
    operation,
    ...(bytesAre !== undefined && { bytesAre }),
    ...(timesAre !== undefined && { timesAre }),
    rows,
    goals: scenario.goals.map((goal) => judge(goal, finder(rows))),
    missing: measured.flatMap(({ variant, missing }) =>
      missing === undefined ? [] : [{ label: labelOf(variant), ...missing }],
    ),
  };
}

function rowOf({ variant, samples }: VariantSamples): Row {
  const values = valuesOf(samples);
  const busy = samples.flatMap(({ spent }) => (spent === undefined ? [] : [spent.loadBusy]));
  return {
    variant,
    label: labelOf(variant),
    rounds: samples.length,
    ...ofEach(values, median),
    ranges: ofEach(values, rangeOf),
    ...(busy.length > 0 && { loadBusy: Math.max(...busy) }),
  };
}

type Values = Readonly<Record<FigureName, readonly number[]>>;

/** What each round gave, figure by figure. */
function valuesOf(samples: readonly Sample[]): Values {
  const all = (of: (sample: Sample) => number | undefined): number[] =>
    samples.map((sample) => of(sample) ?? NaN).filter(Number.isFinite);
  return {
    cpuNs: all((sample) => perOperation(sample, ({ userUs, systemUs }) => userUs + systemUs)),
    userNs: all((sample) => perOperation(sample, ({ userUs }) => userUs)),
    redisNs: all((sample) => perOperation(sample, ({ redisUs }) => redisUs ?? NaN)),
    perSecond: all(({ perSecond }) => perSecond),
    p50: all(({ p50 }) => p50),
    p99: all(({ p99 }) => p99),
    last: all(({ last }) => last),
    bytes: all(({ bytes }) => bytes),
    delivered: all(({ delivered }) => delivered),
    recovered: all(({ recovered }) => recovered),
    missing: all(({ missing }) => missing),
    misplaced: all(({ misplaced }) => misplaced),
  };
}

function perOperation({ spent, operations }: Sample, of: (spent: Spent) => number): number | undefined {
  return spent === undefined || operations === undefined ? undefined : (of(spent) * 1000) / operations;
}

function ofEach<T>(values: Values, of: (values: readonly number[]) => T | undefined): Figures<T> {
  const found: Partial<Record<FigureName, T>> = {};
  for (const name of figureNames) {
    const value = of(values[name]);
    if (value !== undefined) found[name] = value;
  }
  return found;
}

function rangeOf(values: readonly number[]): Range | undefined {
  return values.length === 0 ? undefined : [Math.min(...values), Math.max(...values)];
}

function finder(rows: readonly Row[]): Rows {
  return {
    of: (peer: PeerName, note?: string) => {
      const row = rows.find(({ variant }) => variant.peer === peer && variant.note === note);
      if (row === undefined) throw new MissingRow();
      return row;
    },
  };
}

function judge(goal: Goal, rows: Rows): GoalResult {
  const { text, stretch, atLeast = false } = goal;
  const described = { text, goal: goal.goal, ...(stretch !== undefined && { stretch }), atLeast };
  try {
    const value = goal.value(rows);
    if (!Number.isFinite(value)) return described;
    return { ...described, value, isMet: atLeast ? value >= goal.goal : value <= goal.goal };
  } catch (error) {
    if (error instanceof MissingRow) return described;
    throw error;
  }
}
