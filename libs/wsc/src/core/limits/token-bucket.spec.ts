import fc from 'fast-check';
import { TokenBucket } from './token-bucket.js';

describe('a token bucket', () => {
  it('lets a burst pass at once, then its rate', () => {
    const bucket = new TokenBucket(10, 3, 0);
    expect([0, 0, 0, 0].map((now) => bucket.take(now))).toEqual([true, true, true, false]);
    expect(bucket.take(99)).toBe(false);
    expect(bucket.take(100)).toBe(true);
    expect(bucket.take(100)).toBe(false);
  });

  it('says when the next one may pass, and is right', () => {
    const bucket = new TokenBucket(3, 1, 0);
    expect(bucket.retryAfterMs(0)).toBe(0);
    bucket.take(0);
    const retryAfterMs = bucket.retryAfterMs(0);
    expect(retryAfterMs).toBe(334);
    expect(bucket.take(retryAfterMs - 1)).toBe(false);
    expect(bucket.take(retryAfterMs)).toBe(true);
  });

  it('takes rates of less than one a second', () => {
    const bucket = new TokenBucket(10 / 60, 10, 0);
    for (let taken = 0; taken < 10; taken += 1) expect(bucket.take(0)).toBe(true);
    expect(bucket.take(5_999)).toBe(false);
    expect(bucket.take(6_000)).toBe(true);
  });

  it('lets everything pass at a rate of 0', () => {
    const bucket = new TokenBucket(0, 0, 0);
    for (let taken = 0; taken < 1000; taken += 1) expect(bucket.take(0)).toBe(true);
    expect(bucket.retryAfterMs(0)).toBe(0);
  });

  it('lets one pass where the burst is 0', () => {
    const bucket = new TokenBucket(1, 0, 0);
    expect(bucket.take(0)).toBe(true);
    expect(bucket.take(0)).toBe(false);
  });

  it('never lets more pass in any window than the burst and what the rate adds to it', () => {
    const steps = fc.array(fc.nat({ max: 500 }), { minLength: 1, maxLength: 300 });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 1, max: 50 }), steps, (rate, burst, gaps) => {
        const bucket = new TokenBucket(rate, burst, 0);
        const passedAt: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += gap;
          if (bucket.take(now)) passedAt.push(now);
        }
        for (const [from, start] of passedAt.entries()) {
          for (let to = from; to < passedAt.length; to += 1) {
            expect(to - from + 1).toBeLessThanOrEqual(burst + ((passedAt[to]! - start) * rate) / 1000 + 1e-6);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('lets everything pass that keeps to the rate', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 50 }), (rate, burst) => {
        const bucket = new TokenBucket(rate, burst, 0);
        for (let index = 0; index < 100; index += 1) expect(bucket.take(index * Math.ceil(1000 / rate))).toBe(true);
      }),
    );
  });
});
