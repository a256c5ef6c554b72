import fc from 'fast-check';
import { Backoff } from './backoff.js';
import { resolveDelay } from './retry-delay.js';

const almostOne = 1 - Number.EPSILON;

describe('the backoff', () => {
  it('doubles its ceiling with each failure, up to the cap', () => {
    const backoff = new Backoff({ baseMs: 500, capMs: 30_000, random: () => almostOne });
    const waits = Array.from({ length: 8 }, () => backoff.next());
    expect(waits).toEqual([500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it('spreads each wait over the whole range from zero to the ceiling', () => {
    const shares = [0, 0.5, 0.25];
    const backoff = new Backoff({ baseMs: 500, capMs: 30_000, random: () => shares.shift() ?? 0 });
    expect([backoff.next(), backoff.next(), backoff.next()]).toEqual([0, 500, 500]);
  });

  it('begins anew after a reset', () => {
    const backoff = new Backoff({ baseMs: 500, capMs: 30_000, random: () => almostOne });
    backoff.next();
    backoff.next();
    backoff.reset();
    expect(backoff.next()).toBe(500);
  });

  it('never waits longer than the cap, however often it fails', () => {
    fc.assert(
      fc.property(fc.nat(5_000), fc.double({ min: 0, max: almostOne, noNaN: true }), (failures, share) => {
        const backoff = new Backoff({ baseMs: 500, capMs: 30_000, random: () => share });
        for (let failure = 0; failure < failures; failure += 1) backoff.next();
        const waitMs = backoff.next();
        return waitMs >= 0 && waitMs <= 30_000;
      }),
    );
  });
});

describe('the delay before a retry', () => {
  const createBackoff = (): Backoff => new Backoff({ baseMs: 500, capMs: 30_000, random: () => 0.5 });

  it('is the told one, exactly, after a planned close', () => {
    expect(resolveDelay({ kind: 'told', delayMs: 1_830 }, createBackoff())).toBe(1_830);
  });

  it('is nothing at first where the client may come back at once, and the backoff from then on', () => {
    const backoff = createBackoff();
    const delays = [1, 2, 3].map(() => resolveDelay({ kind: 'now' }, backoff));
    expect(delays).toEqual([0, 500, 1_000]);
  });

  it('is never longer than the first one where the client may come back soon', () => {
    const backoff = createBackoff();
    const delays = [1, 2, 3].map(() => resolveDelay({ kind: 'soon' }, backoff));
    expect(delays).toEqual([0, 250, 250]);
    expect(backoff.failures).toBe(3);
  });

  it('is at least the backoff where a server asks for no delay again and again', () => {
    const backoff = createBackoff();
    const delays = [1, 2, 3].map(() => resolveDelay({ kind: 'told', delayMs: 0 }, backoff));
    expect(delays).toEqual([0, 500, 1_000]);
  });

  it('is spread where every client was told the same', () => {
    expect(resolveDelay({ kind: 'told-all', delayMs: 5_000 }, createBackoff())).toBe(5_250);
  });
});
