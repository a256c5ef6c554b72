import fc from 'fast-check';
import { MultiMap } from './multi-map.js';
import { countOf, hasItem, itemsOf, withItem, withoutItem, type OneOrMany } from './one-or-many.js';

const item = fc.constantFrom('a', 'b', 'c');
const steps = fc.array(fc.record({ isAdded: fc.boolean(), item }));

describe('a set of one or many', () => {
  it('holds what a Set would hold, in the same order', () => {
    fc.assert(
      fc.property(steps, (all) => {
        const expected = new Set<string>();
        let items: OneOrMany<string> | undefined;
        for (const step of all) {
          if (step.isAdded) expected.add(step.item);
          else expected.delete(step.item);
          items = step.isAdded ? withItem(items, step.item) : withoutItem(items, step.item);
          expect([...itemsOf(items)]).toEqual([...expected]);
          expect(countOf(items)).toBe(expected.size);
          expect(hasItem(items, step.item)).toBe(step.isAdded);
          expect(items === undefined).toBe(expected.size === 0);
        }
      }),
    );
  });

  it('is the item itself while it is the only one', () => {
    expect(withItem(withItem(undefined, 'a'), 'a')).toBe('a');
  });
});

describe('a multi-map', () => {
  it('keeps the values of each key apart and forgets keys without one', () => {
    const map = new MultiMap<number, string>();
    map.add(1, 'a');
    map.add(1, 'b');
    map.add(2, 'a');
    map.delete(2, 'a');
    map.delete(3, 'a');
    expect([map.size, [...map.keys()], [...map.of(1)], [...map.of(2)]]).toEqual([1, [1], ['a', 'b'], []]);
    expect([map.countOf(1), map.countOf(2)]).toEqual([2, 0]);
    map.clear();
    expect(map.size).toBe(0);
  });
});
