import { spawnSync } from 'node:child_process';
import { alignClock, nowMicroseconds } from './clock.js';

describe('the clock of the benchmark', () => {
  it('says the same in all processes of a machine', () => {
    const before = nowMicroseconds();
    const { stdout } = spawnSync(process.execPath, ['--print', 'process.hrtime.bigint()'], { encoding: 'utf8' });
    const inBetween = Number(stdout.replace('n', '')) / 1000;
    expect(inBetween).toBeGreaterThan(before);
    expect(inBetween).toBeLessThan(nowMicroseconds());
  });

  it('can be aligned with another, or unset', () => {
    alignClock(() => 5e9 + Number(process.hrtime.bigint()) / 1000);
    const ahead = nowMicroseconds() - Number(process.hrtime.bigint()) / 1000;
    expect(ahead / 1e9).toBeCloseTo(5, 3);
    alignClock(() => NaN);
    expect(nowMicroseconds()).toBeNaN();
  });
});
