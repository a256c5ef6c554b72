import fc from 'fast-check';
import type { WscError } from '@nest-wsc/protocol';
import { OfflineQueue, type Outgoing, type QueuePolicy } from './offline-queue.js';

interface TestItem extends Outgoing {
  readonly drops: readonly WscError[];
}

function createItem(bytes = 1, payload = 'x'): TestItem {
  const drops: WscError[] = [];
  return { payload, bytes, drops, onSent: () => undefined, onDropped: (error) => drops.push(error) };
}

function drain(queue: OfflineQueue): (string | Uint8Array)[] {
  const payloads = [];
  for (let item = queue.peek(); item !== undefined; item = queue.peek()) {
    payloads.push(item.payload);
    queue.remove(item);
  }
  return payloads;
}

describe('the offline queue', () => {
  it('gives back what it took, in order', () => {
    const queue = new OfflineQueue({ maxMessages: 3, maxBytes: 100, policy: 'reject' });
    for (const payload of ['a', 'b', 'c']) queue.offer(createItem(1, payload));
    expect(drain(queue)).toEqual(['a', 'b', 'c']);
    expect(queue.bytes).toBe(0);
  });

  it('with reject refuses what is over the number or the bytes', () => {
    const queue = new OfflineQueue({ maxMessages: 2, maxBytes: 10, policy: 'reject' });
    queue.offer(createItem(8));
    expect(() => queue.offer(createItem(3))).toThrow(expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' }));
    queue.offer(createItem(1));
    expect(() => queue.offer(createItem(1))).toThrow('full');
    expect(queue.count).toBe(2);
  });

  it('with drop-oldest makes just enough room, and tells what it dropped', () => {
    const queue = new OfflineQueue({ maxMessages: 10, maxBytes: 10, policy: 'drop-oldest' });
    const items = [createItem(4), createItem(4), createItem(2), createItem(5)];
    for (const item of items) queue.offer(item);
    expect(items.map(({ drops }) => drops.length)).toEqual([1, 1, 0, 0]);
    expect(queue.bytes).toBe(7);
  });

  it('with drop-newest keeps what it has, and tells the newest', () => {
    const queue = new OfflineQueue({ maxMessages: 1, maxBytes: 10, policy: 'drop-newest' });
    const [first, second] = [createItem(1, 'first'), createItem()];
    queue.offer(first);
    queue.offer(second);
    expect(second.drops).toMatchObject([{ error: 'WSC_LIMIT_EXCEEDED', details: { outcome: 'failed' } }]);
    expect(drain(queue)).toEqual(['first']);
  });

  it('refuses what could never fit, and drops nothing for it', () => {
    const queue = new OfflineQueue({ maxMessages: 10, maxBytes: 10, policy: 'drop-oldest' });
    queue.offer(createItem(1));
    expect(() => queue.offer(createItem(11))).toThrow('does not fit');
    expect(queue.count).toBe(1);
  });

  it('never holds more than its limits and never loses count', () => {
    const policy = fc.constantFrom<QueuePolicy>('reject', 'drop-oldest', 'drop-newest');
    fc.assert(
      fc.property(policy, fc.array(fc.nat(12)), (policy, sizes) => {
        const queue = new OfflineQueue({ maxMessages: 4, maxBytes: 20, policy });
        const items = sizes.map((bytes) => createItem(bytes));
        let refused = 0;
        for (const item of items) {
          try {
            queue.offer(item);
          } catch {
            refused += 1;
          }
          expect(queue.count).toBeLessThanOrEqual(4);
          expect(queue.bytes).toBeLessThanOrEqual(20);
        }
        const dropped = items.filter(({ drops }) => drops.length === 1).length;
        expect(drain(queue)).toHaveLength(items.length - dropped - refused);
        expect(queue.bytes).toBe(0);
      }),
    );
  });
});
