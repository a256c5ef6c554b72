import fc from 'fast-check';
import { checkHistory } from './check-history.js';
import { simulate, steps } from './model.fixture.js';
import { mutants } from './mutants.fixture.js';

describe('the checker of histories', () => {
  it('finds nothing in what a correct system does', () => {
    fc.assert(
      fc.property(steps, (taken) => {
        expect(checkHistory(simulate(taken))).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it.each(mutants.map((mutant) => [mutant.name, mutant] as const))('finds %s', (_name, { mutate, rules }) => {
    fc.assert(
      fc.property(steps, fc.nat(), (taken, choice) => {
        const mutant = mutate(simulate(taken), choice);
        // Not everything can be done to every history; those where it can't do not count.
        fc.pre(mutant !== undefined);
        const found = checkHistory(mutant).map(({ rule }) => rule);
        expect(found.filter((rule) => rules.includes(rule))).not.toEqual([]);
      }),
      { numRuns: 40 },
    );
  });

  it('names the message and the client, and shows what proves it', () => {
    const receipt = { at: 2, kind: 'received', client: 'u1-a', stream: 'chat:a', key: 'm1', id: 'i1' } as const;
    const place = { offset: 1, epoch: 'e' };
    const [violation] = checkHistory([
      { at: 0, kind: 'connected', client: 'u1-a', user: 'u1', node: 'n1' },
      { at: 1, kind: 'joining', client: 'u1-a', stream: 'chat:a' },
      { ...receipt, place },
    ]);
    expect(violation).toEqual({
      rule: 'phantom',
      text: 'u1-a got m1, which nobody sent there.',
      events: [{ ...receipt, place }],
    });
  });
});
