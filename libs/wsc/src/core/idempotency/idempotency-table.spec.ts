import { WscError } from '@nest-wsc/protocol';
import fc from 'fast-check';
import { FakeClock } from '../../testing/fake-clock.js';
import { fingerprintOf } from './fingerprint.js';
import type { StoredAnswer } from './kept-answer.js';
import { IdempotencyTable, type IdempotencyDecision, type IdempotencyOptions } from './idempotency-table.js';

function setUp(options: Partial<IdempotencyOptions> = {}) {
  const clock = new FakeClock();
  const table = new IdempotencyTable({ clock, windowMs: () => 600_000, ...options });
  const begin = (id: string, { owner = 'ann', content = 'x' } = {}) => table.begin(owner, id, content);
  const run = (id: string, data: unknown, { owner = 'ann', keep = true } = {}) =>
    settle(begin(id, { owner }), { ok: true, data }, keep);
  return { clock, table, begin, run };
}

function settle(decision: IdempotencyDecision, answer: StoredAnswer, keep: boolean): void {
  if (decision.kind !== 'new') throw new Error(`Expected a new request, got ${decision.kind}`);
  decision.settle(answer, keep);
}

const answerOf = (decision: IdempotencyDecision) => (decision.kind === 'repeat' ? decision.answer : decision.kind);

describe('a request with an id', () => {
  it('runs once; a repeat gets the first answer', async () => {
    const { begin, run } = setUp();
    run('1', 'first');
    await expect(answerOf(begin('1'))).resolves.toEqual({ ok: true, data: 'first' });
  });

  it('shares its answer with a repeat that comes while it runs, even when it is not kept', async () => {
    const { begin } = setUp();
    const first = begin('1');
    const repeat = begin('1');
    const error = new WscError('WSC_UNAVAILABLE');
    settle(first, { ok: false, error }, false);
    await expect(answerOf(repeat)).resolves.toEqual({ ok: false, error });
    expect(begin('1').kind).toBe('new');
  });

  it('is in conflict with another content under the same id', () => {
    const { begin, run } = setUp();
    run('1', 'first');
    expect(begin('1', { content: 'y' }).kind).toBe('conflict');
    begin('2');
    expect(begin('2', { content: 'y' }).kind).toBe('conflict');
  });

  it('has nothing to do with the same id of another owner', () => {
    const { begin, run } = setUp();
    run('1', 'first');
    expect(begin('1', { owner: 'bob', content: 'y' }).kind).toBe('new');
  });

  it('is forgotten a window after its answer', async () => {
    const { clock, begin, run, table } = setUp();
    run('1', 'first');
    await clock.advance(599_999);
    expect(begin('1').kind).toBe('repeat');
    await clock.advance(1);
    expect(begin('1').kind).toBe('new');
    expect(table.bytes).toBe(0);
  });

  it('is not forgotten while it runs, however long', async () => {
    const { clock, begin } = setUp();
    begin('1');
    await clock.advance(10_000_000);
    expect(begin('1').kind).toBe('repeat');
  });

  it('is not kept at a window of 0', () => {
    const { begin, run } = setUp({ windowMs: () => 0 });
    run('1', 'first');
    expect(begin('1').kind).toBe('new');
  });

  it('is settled once', async () => {
    const { begin } = setUp();
    const first = begin('1');
    settle(first, { ok: true, data: 1 }, true);
    settle(first, { ok: true, data: 2 }, false);
    await expect(answerOf(begin('1'))).resolves.toEqual({ ok: true, data: 1 });
  });

  it('keeps of an error what the peer is told, not its cause', async () => {
    const { begin } = setUp();
    const error = new WscError('WSC_VALIDATION_FAILED', {
      message: 'm',
      details: { a: ['b'] },
      cause: new Error('internal'),
    });
    settle(begin('1'), { ok: false, error }, true);
    const kept = await answerOf(begin('1'));
    if (typeof kept === 'string' || kept.ok) throw new Error('Expected an error');
    expect(kept.error).toMatchObject({ error: 'WSC_VALIDATION_FAILED', message: 'm', details: { a: ['b'] } });
    expect(kept.error.cause).toBeUndefined();
  });

  it('has the answer that it had, whatever its handler does with its objects later', async () => {
    const { begin, run } = setUp();
    const order = { state: 'placed' };
    run('1', order);
    const details = { left: [1] };
    settle(begin('2'), { ok: false, error: new WscError('WSC_CONFLICT', { details }) }, true);
    order.state = 'sent';
    details.left.push(2);
    await expect(answerOf(begin('1'))).resolves.toEqual({ ok: true, data: { state: 'placed' } });
    await expect(answerOf(begin('2'))).resolves.toMatchObject({ error: { details: { left: [1] } } });
  });

  it('that nobody hears any more is given up after a minute: it does not run again, and takes no place', async () => {
    const { clock, begin } = setUp({ maxEntriesPerOwner: 1 });
    const hung = begin('1');
    if (hung.kind === 'new') hung.abandon();
    await clock.advance(59_999);
    expect(begin('2').kind).toBe('full');
    const waiting = answerOf(begin('1'));
    await clock.advance(1);
    await expect(answerOf(begin('1'))).resolves.toMatchObject({ error: { error: 'WSC_CONFLICT', details: 'unknown' } });
    await expect(waiting).resolves.toMatchObject({ error: { details: 'unknown' } });
    settle(hung, { ok: true, data: 'late' }, true);
    await expect(answerOf(begin('1'))).resolves.toMatchObject({ ok: false });
    expect(begin('2').kind).toBe('new');
  });

  it.each([
    ['is too large', 'x'.repeat(10_000)],
    ['JSON cannot write', 1n],
  ])('does not run again where its answer %s; a repeat is told that it is lost', async (_why, data) => {
    const { begin, run, table } = setUp({ maxBytesPerOwner: 5_000 });
    run('1', data);
    await expect(answerOf(begin('1'))).resolves.toMatchObject({
      ok: false,
      error: { error: 'WSC_CONFLICT', details: 'unknown' },
    });
    expect(table.bytes).toBeLessThan(5_000);
  });
});

describe('the idempotency table', () => {
  it('forgets the oldest answers of an owner with too many, and refuses only when all are running', () => {
    const { begin, run } = setUp({ maxEntriesPerOwner: 2 });
    const running = begin('running');
    run('1', 'one');
    run('2', 'two');
    expect(begin('2').kind).toBe('repeat');
    expect(begin('1').kind).toBe('new');
    expect(begin('3').kind).toBe('full');
    expect(begin('3', { owner: 'bob' }).kind).toBe('new');
    settle(running, { ok: true, data: 1 }, true);
    expect(begin('3').kind).toBe('new');
  });

  it('forgets the oldest answers of an owner over its bytes', () => {
    const { begin, run } = setUp({ maxBytesPerOwner: 3_000 });
    for (const id of ['1', '2', '3']) run(id, 'x'.repeat(900));
    expect(['3', '2', '1'].map((id) => begin(id).kind)).toEqual(['repeat', 'repeat', 'new']);
  });

  it('forgets the answers of the longest idle owner when all together are over their bytes', () => {
    const { begin, run, table } = setUp({ maxBytes: 6_000 });
    for (const owner of ['ann', 'bob', 'cid']) run('1', 'x'.repeat(900), { owner });
    begin('1', { owner: 'ann' });
    run('2', 'x'.repeat(900), { owner: 'ann' });
    run('3', 'x'.repeat(900), { owner: 'ann' });
    expect(table.bytes).toBeLessThanOrEqual(6_000);
    expect(begin('1', { owner: 'cid' }).kind).toBe('repeat');
    expect(begin('1', { owner: 'bob' }).kind).toBe('new');
  });

  it('gives the place of the longest idle owner to a new one, but never of one whose request runs', () => {
    const { begin, run, table } = setUp({ maxOwners: 2 });
    run('1', 1, { owner: 'ann' });
    begin('1', { owner: 'bob' });
    expect(begin('1', { owner: 'cid' }).kind).toBe('new');
    expect(begin('1', { owner: 'dan' }).kind).toBe('full');
    expect(begin('1', { owner: 'bob' }).kind).toBe('repeat');
    expect(table.ownerCount).toBe(2);
  });

  it('forgets owners that never come back as new ones come', async () => {
    const { clock, run, table } = setUp();
    for (let index = 0; index < 100; index += 1) run('1', index, { owner: `early ${index}` });
    await clock.advance(600_000);
    for (let index = 0; index < 100; index += 1) run('1', index, { owner: `late ${index}` });
    expect(table.ownerCount).toBe(100);
  });

  it('starts at most one execution per owner and id, and stays within its bounds', () => {
    const step = fc.record({
      owner: fc.constantFrom('ann', 'bob', 'cid', 'dan'),
      id: fc.constantFrom('1', '2', '3', '4'),
      end: fc.constantFrom('keep', 'drop', 'later'),
      bytes: fc.nat({ max: 1500 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const limits = { maxEntriesPerOwner: 3, maxBytesPerOwner: 3_000, maxOwners: 3, maxBytes: 5_000 };
        const { table } = setUp(limits);
        const running = new Map<string, () => void>();
        for (const { owner, id, end, bytes } of steps) {
          const decision = table.begin(owner, id, 'x');
          const key = `${owner} ${id}`;
          if (running.has(key)) expect(decision.kind).toBe('repeat');
          if (decision.kind === 'new') {
            const finish = () => decision.settle({ ok: true, data: 'x'.repeat(bytes) }, end !== 'drop');
            if (end === 'later') running.set(key, finish);
            else finish();
          } else if (end === 'keep') {
            running.get(key)?.();
            running.delete(key);
          }
          expect(table.bytes).toBeLessThanOrEqual(limits.maxBytes);
          expect(table.ownerCount).toBeLessThanOrEqual(limits.maxOwners);
        }
      }),
    );
  });
});

describe('the fingerprint of a request', () => {
  it('tells rights apart, not the tokens that say the same', () => {
    const by = (claims: Readonly<Record<string, unknown>>, userType = 'agent') =>
      fingerprintOf('a', 1, { userId: 'ann', userType, claims });
    const first = by({ sub: 'ann', roles: ['admin'], jti: '1', iat: 1, exp: 2 });
    expect(by({ iat: 3, exp: 4, jti: '2', roles: ['admin'], sub: 'ann' })).toBe(first);
    expect(by({ sub: 'ann', roles: [] })).not.toBe(first);
    expect(by({ sub: 'ann', roles: ['admin'] }, 'visitor')).not.toBe(first);
    const odd = (tokenId: string) => fingerprintOf('a', 1, { userId: 'ann', claims: { big: 1n }, tokenId });
    expect([odd('1'), odd('1')]).toEqual([odd('1'), odd('1')]);
    expect(odd('1')).not.toBe(odd('2'));
  });

  it('tells events and data apart', () => {
    const all = [
      fingerprintOf('a', 1),
      fingerprintOf('a', '1'),
      fingerprintOf('a', { b: 1 }),
      fingerprintOf('b', 1),
      fingerprintOf('a', undefined),
    ];
    expect(new Set(all).size).toBe(all.length);
    expect(fingerprintOf('a', { b: 1 })).toBe(fingerprintOf('a', { b: 1 }));
  });
});
