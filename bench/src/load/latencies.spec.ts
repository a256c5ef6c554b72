import { Latencies } from './latencies.js';

describe('latencies', () => {
  it('have percentiles of all values, however many there are', () => {
    const latencies = new Latencies();
    for (let value = 40_000; value >= 1; value -= 1) latencies.add(value);
    expect(latencies.summary()).toEqual({ count: 40_000, p50: 20_001, p99: 39_601, max: 40_000 });
  });

  it('begin again when they are cleared', () => {
    const latencies = new Latencies();
    latencies.add(5);
    latencies.clear();
    latencies.add(1);
    expect(latencies.summary()).toEqual({ count: 1, p50: 1, p99: 1, max: 1 });
  });

  it('are no numbers while there are none', () => {
    expect(new Latencies().summary()).toEqual({ count: 0, p50: NaN, p99: NaN, max: NaN });
  });
});
