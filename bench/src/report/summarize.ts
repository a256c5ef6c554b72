import { peerOf, type PeerName } from '../harness/peers.js';
import { MissingRow, type Goal, type Row, type Rows, type Sample, type Scenario, type Variant } from '../scenarios/scenario.js';
import { median } from './median.js';

/** A scenario with its figures. */
export interface ScenarioResult {
  readonly name: string;
  readonly title: string;
  readonly operation: string;
  readonly bytesAre?: string;
  readonly rows: readonly Row[];
  readonly goals: readonly GoalResult[];
  /** What could not be measured, and why. */
  readonly missing: readonly { readonly label: string; readonly reason: string }[];
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
  readonly failure: string | undefined;
}

/** How tables call a variant. */
export function labelOf({ peer, note }: Variant): string {
  const { label } = peerOf(peer);
  return note === undefined ? label : `${label}, ${note}`;
}

/** Medians of the rounds, and what became of the goals. */
export function summarize(scenario: Scenario, measured: readonly VariantSamples[]): ScenarioResult {
  const rows = measured.filter(({ samples }) => samples.length > 0).map(rowOf);
  const { name, title, operation, bytesAre } = scenario;
  return {
    name,
    title,
    operation,
    ...(bytesAre !== undefined && { bytesAre }),
    rows,
    goals: scenario.goals.map((goal) => judge(goal, finder(rows))),
    missing: measured.flatMap(({ variant, failure }) =>
      failure === undefined ? [] : [{ label: labelOf(variant), reason: failure }],
    ),
  };
}

function rowOf({ variant, samples }: VariantSamples): Row {
  const costs = samples.flatMap(({ spent, operations }) =>
    spent === undefined || operations === undefined ? [] : [((spent.userUs + spent.systemUs) * 1000) / operations],
  );
  const userCosts = samples.flatMap(({ spent, operations }) =>
    spent === undefined || operations === undefined ? [] : [(spent.userUs * 1000) / operations],
  );
  const busy = samples.flatMap(({ spent }) => (spent === undefined ? [] : [spent.loadBusy]));
  return {
    variant,
    label: labelOf(variant),
    rounds: samples.length,
    ...given('cpuNs', median(costs)),
    ...(costs.length > 0 && { cpuNsMin: Math.min(...costs), cpuNsMax: Math.max(...costs) }),
    ...given('userNs', median(userCosts)),
    ...figure('perSecond', samples),
    ...figure('p50', samples),
    ...figure('p99', samples),
    ...figure('bytes', samples),
    ...figure('delivered', samples),
    ...(busy.length > 0 && { loadBusy: Math.max(...busy) }),
  };
}

function figure<N extends 'perSecond' | 'p50' | 'p99' | 'bytes' | 'delivered'>(
  name: N,
  samples: readonly Sample[],
): { readonly [Name in N]?: number } {
  const values = samples.flatMap((sample) => {
    const value = sample[name];
    return value === undefined || !Number.isFinite(value) ? [] : [value];
  });
  return given(name, median(values));
}

function given<N extends string>(name: N, value: number | undefined): { readonly [Name in N]?: number };
function given(name: string, value: number | undefined): Readonly<Record<string, number>> {
  return value === undefined ? {} : { [name]: value };
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
