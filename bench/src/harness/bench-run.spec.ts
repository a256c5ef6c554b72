import { spentBetween, type Look } from './bench-run.js';

/** A second apart; the clients used half of it, Redis a tenth. */
const before: Look = { nodes: [{ userUs: 10, systemUs: 1 }], loadUs: 0, redisUs: undefined, at: 0 };
const after: Look = { nodes: [{ userUs: 110, systemUs: 2 }], loadUs: 500_000, redisUs: undefined, at: 1000 };

describe('what was spent between two looks', () => {
  it('is that of the server, and how busy the clients were', () => {
    expect(spentBetween(before, after, false)).toEqual({ userUs: 100, systemUs: 1, loadBusy: 0.5 });
  });

  it('is that of all nodes together', () => {
    const [start, end] = [before, after].map((look) => ({ ...look, nodes: [...look.nodes, ...look.nodes] }));
    expect(spentBetween(start!, end!, false)).toMatchObject({ userUs: 200, systemUs: 2 });
  });

  it('leaves Redis to be told beside, and counts it with the clients only on the core of theirs', () => {
    const [start, end] = [
      { ...before, redisUs: 5 },
      { ...after, redisUs: 100_005 },
    ];
    const beside = { userUs: 100, systemUs: 1, redisUs: 100_000 };
    expect(spentBetween(start, end, false)).toEqual({ ...beside, loadBusy: 0.5 });
    expect(spentBetween(start, end, true)).toEqual({ ...beside, loadBusy: 0.6 });
  });
});
