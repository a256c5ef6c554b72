import { Tally } from './tally.js';

function tallyOf(...numbers: readonly number[]) {
  const tally = new Tally(1, 3);
  for (const number of numbers) tally.add(number);
  const { distinct, missing, repeated, disordered } = tally;
  return { distinct, missing, repeated, disordered };
}

describe('the tally of what a client should get', () => {
  it('is even when all came once and in order', () => {
    expect(tallyOf(1, 2, 3)).toEqual({ distinct: 3, missing: 0, repeated: 0, disordered: 0 });
  });

  it('tells what is missing', () => {
    expect(tallyOf(1, 3)).toEqual({ distinct: 2, missing: 1, repeated: 0, disordered: 0 });
    expect(tallyOf()).toMatchObject({ missing: 3 });
  });

  it('tells what came again, and what was had before or never sent', () => {
    expect(tallyOf(1, 2, 2, 3)).toEqual({ distinct: 3, missing: 0, repeated: 1, disordered: 0 });
    expect(tallyOf(0, 1, 2, 3, 4)).toMatchObject({ distinct: 3, repeated: 2 });
  });

  it('tells what came too late', () => {
    expect(tallyOf(2, 1, 3)).toEqual({ distinct: 3, missing: 0, repeated: 0, disordered: 1 });
  });
});
