import { burstReport } from './report.fixture.js';
import { describeEnd, describeScenario } from './text-table.js';

const goal = 'CPU against stock: 0.0167 (≤ 0.025, stretch 0.018)';

describe('what is printed of a scenario', () => {
  it('is its table, what is missing, and what became of its goals', () => {
    const text = describeScenario(burstReport);
    expect(text).toMatch(/^nest-wsc +100 ns +90 ns – 110 ns +0\.0167$/m);
    expect(text).toContain('Bun: not measured (not installed)');
    expect(text).toContain(`✓  ${goal}`);
    expect(text).toContain('?  CPU against Bun: not measured (≤ 0.6)');
  });
});

describe('what is printed at the end', () => {
  it('are the goals of several scenarios together; those of one were just printed', () => {
    expect(describeEnd([burstReport, { ...burstReport, goals: [] }], 'full')).toContain(goal);
    expect(describeEnd([burstReport], 'full')).toBe('');
  });

  it('is, where that was all there was to see, that everything runs', () => {
    expect(describeEnd([burstReport], 'smoke')).toMatch(/^\nEverything runs; that is all this shows\./);
  });

  it('is what of that is not true', () => {
    const missing = [{ label: 'Bun', reason: 'it ended with 1', hasFailed: true }];
    expect(describeEnd([{ ...burstReport, missing }], 'smoke')).toMatch(/^\nNot everything runs, see above\./);
  });
});
