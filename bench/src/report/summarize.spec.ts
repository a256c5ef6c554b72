import type { Goal, Sample, Scenario } from '../scenarios/scenario.js';
import { cpuRatio } from '../scenarios/scenario.js';
import { summarize } from './summarize.js';

const ours = { peer: 'ours' } as const;
const stock = { peer: 'stock' } as const;

function scenarioWith(...goals: Goal[]): Scenario {
  const measure = (): Promise<Sample> => Promise.reject(new Error('Nothing is measured here.'));
  return { name: 'one', title: 'One', operation: 'delivery', variants: [ours, stock], goals, measure };
}

/** So many microseconds for 1,000 operations: as many nanoseconds for each. */
const costing = (userUs: number, systemUs = 0, loadBusy = 0.5): Sample => ({
  operations: 1000,
  spent: { userUs, systemUs, loadBusy },
});

const ratio = {
  text: 'CPU against stock',
  goal: 0.5,
  value: (rows) => cpuRatio(rows.of('ours'), rows.of('stock')),
} satisfies Goal;

describe('the summary of a scenario', () => {
  it('has the medians and the spread of all rounds, and the busiest load', () => {
    const samples = [costing(300, 100), costing(100, 100, 0.9), costing(200, 100)];
    const { rows } = summarize(scenarioWith(), [{ variant: ours, samples, missing: undefined }]);
    expect(rows).toEqual([
      {
        variant: ours,
        label: 'nest-wsc',
        rounds: 3,
        cpuNs: 300,
        userNs: 200,
        loadBusy: 0.9,
        ranges: { cpuNs: [200, 400], userNs: [100, 300] },
      },
    ]);
  });

  it('has what Redis took beside, for as many operations', () => {
    const sample = { operations: 1000, spent: { userUs: 5, systemUs: 0, loadBusy: 0.5, redisUs: 7 } };
    const { rows } = summarize(scenarioWith(), [{ variant: ours, samples: [sample], missing: undefined }]);
    expect(rows[0]).toMatchObject({ cpuNs: 5, redisNs: 7 });
  });

  it('leaves out figures that are no numbers', () => {
    const samples = [
      { p50: NaN, p99: 5 },
      { p50: NaN, p99: 7 },
    ];
    const { rows } = summarize(scenarioWith(), [{ variant: ours, samples, missing: undefined }]);
    expect(rows[0]).toMatchObject({ p99: 6, ranges: { p99: [5, 7] } });
    expect(rows[0]).not.toHaveProperty('p50');
  });

  it('says what is missing, and why', () => {
    const missing = { reason: 'not installed', hasFailed: false };
    const summary = summarize(scenarioWith(), [{ variant: stock, samples: [], missing }]);
    expect(summary).toMatchObject({ rows: [], missing: [{ label: 'Nest ws adapter', ...missing }] });
  });
});

describe('a goal', () => {
  const judge = (goal: Goal, oursUs: number) =>
    summarize(scenarioWith(goal), [
      { variant: ours, samples: [costing(oursUs)], missing: undefined },
      { variant: stock, samples: [costing(100)], missing: undefined },
    ]).goals[0];

  it.each([
    [50, true],
    [51, false],
  ])('of at most 0.5 is held against %d %% of stock', (cost, isMet) => {
    expect(judge(ratio, cost)).toMatchObject({ value: cost / 100, isMet });
  });

  it('may be a figure to be reached', () => {
    expect(judge({ ...ratio, atLeast: true }, 60)).toMatchObject({ isMet: true });
    expect(judge({ ...ratio, atLeast: true }, 40)).toMatchObject({ isMet: false });
  });

  it('is neither met nor missed where a peer or a figure is missing', () => {
    const [goal] = summarize(scenarioWith(ratio), [{ variant: ours, samples: [costing(1)], missing: undefined }]).goals;
    expect(goal).toEqual({ text: ratio.text, goal: 0.5, atLeast: false });
    expect(judge({ ...ratio, value: (rows) => rows.of('ours').p99 ?? NaN }, 1)).not.toHaveProperty('isMet');
  });

  it('does not hide its own mistakes', () => {
    const broken = {
      ...ratio,
      value: () => {
        throw new TypeError('a mistake');
      },
    };
    expect(() => judge(broken, 1)).toThrow('a mistake');
  });
});
