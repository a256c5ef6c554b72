import type { Failure } from './failures.js';
import { lossTable } from './loss-table.js';
import type { Tally } from './tally.js';

const machine = { cpu: 'A CPU', cores: '2', system: 'Linux 6', node: 'v20', redis: '7.0' };
const whole = { acknowledgedCount: 1_000, missedCount: 0, lostCount: 0, lostForMs: 0 };
const lossless: Tally = {
  inbox: { away: whole, there: whole },
  rooms: { away: whole, there: whole },
  untoldCount: 0,
  reasons: [],
  outageMs: 1_240,
  refusedCount: 0,
  unknownCount: 0,
};

function failure(name: string): Failure {
  return {
    name,
    setUp: `set-up of ${name}`,
    happening: 'it dies',
    start: () => Promise.reject(new Error('Not here.')),
  };
}

/** The cells of the only row, without the first two. */
function rowOf(...rounds: readonly Tally[]): readonly string[] {
  const table = lossTable({ machine, failures: { one: { measuredOn: '2026-01-31', rounds } } }, [failure('one')]);
  return (table.split('\n').at(-1) ?? '').split(' | ').slice(2);
}

describe('the table of losses', () => {
  it('says what was measured where, and leaves out what was not', () => {
    const measured = { one: { measuredOn: '2026-01-31', rounds: [lossless, lossless] } };
    const table = lossTable({ machine, failures: measured }, [failure('one'), failure('two')]);
    expect(table).toContain('Measured on 2026-01-31, 2 rounds each: A CPU, 2 cores, Linux 6, Node v20, Redis 7.0.');
    expect(table).toContain('| set-up of one | it dies |');
    expect(table).not.toContain('set-up of two');
  });

  it('has one number where all rounds are alike', () => {
    expect(rowOf(lossless, lossless)).toEqual(['3,000', '0', '0', '0', '0', '0', '1.2 s |']);
  });

  it('has the least and the most otherwise, from how long a time, and what members were told', () => {
    const away = { ...whole, lostCount: 12, lostForMs: 48 };
    const lossy = {
      ...lossless,
      inbox: { away, there: whole },
      rooms: { away: { ...away, lostForMs: 2_500 }, there: whole },
    };
    const row = rowOf({ ...lossy, reasons: ['epoch'], outageMs: 3_000 }, lossless);
    expect(row).toEqual([
      '3,000',
      '0–12, of 0.05 s at most',
      '0',
      '0',
      '0–12, of 2.5 s at most; told `epoch`',
      '0',
      '1.2–3.0 s |',
    ]);
  });
});
