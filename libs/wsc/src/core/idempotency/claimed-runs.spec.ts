import { WscError } from '@nest-wsc/protocol';
import { FakeClock } from '../../testing/fake-clock.js';
import type { Claim, RequestClaims } from '../ports/request-claims.js';
import { ClaimedRuns } from './claimed-runs.js';
import type { StoredAnswer } from './kept-answer.js';

const request = { owner: 'ann', key: 'order', fingerprint: 'x' };

/** Claims that are answered as a test says, the last answer for ever. */
class ScriptedClaims implements RequestClaims {
  readonly calls: unknown[] = [];
  readonly #answers: (Claim | Error)[];

  constructor(...answers: (Claim | Error)[]) {
    this.#answers = answers;
  }

  claim(): Claim {
    this.calls.push('claim');
    const answer = this.#answers.length > 1 ? this.#answers.shift() : this.#answers[0];
    if (answer === undefined || answer instanceof Error) throw answer ?? new Error('no answer');
    return answer;
  }

  finish(_: unknown, answer: string | undefined): void {
    this.calls.push(['finish', answer]);
  }

  release(): void {
    this.calls.push('release');
  }

  close(): void {
    return;
  }
}

interface Given {
  readonly windowMs?: number;
  readonly isRepeatable?: () => boolean;
}

function setUp(answers: readonly (Claim | Error)[], { windowMs = 600_000, isRepeatable = () => false }: Given = {}) {
  const clock = new FakeClock();
  const claims = new ScriptedClaims(...answers);
  const runs = new ClaimedRuns({ claims, clock, windowMs: () => windowMs });
  const gone = new AbortController();
  const start = () => runs.start(request, { isRepeatable, signal: gone.signal });
  return { clock, claims, gone, start };
}

async function settled(start: ReturnType<typeof setUp>['start'], answer: StoredAnswer, keep: boolean): Promise<void> {
  const started = await start();
  if (started.kind !== 'run') throw new Error('Expected it to run');
  started.settle(answer, keep);
  await new Promise(setImmediate);
}

describe('a request with an id, of all nodes', () => {
  it.each<[string, StoredAnswer, unknown]>([
    ['an answer', { ok: true, data: { a: [1] } }, ['finish', '[{"a":[1]}]']],
    ['an empty answer', { ok: true, data: undefined }, ['finish', '[null]']],
    [
      'a final error',
      { ok: false, error: new WscError('WSC_CONFLICT', { message: 'm', details: [1] }) },
      ['finish', '{"error":"WSC_CONFLICT","message":"m","details":[1]}'],
    ],
    [
      'an internal error, of which nothing is told',
      { ok: false, error: new WscError('WSC_INTERNAL', { message: 'secret', details: 'secret', cause: 'secret' }) },
      ['finish', '{"error":"WSC_INTERNAL"}'],
    ],
    ['a temporary error', { ok: false, error: new WscError('WSC_UNAVAILABLE') }, 'release'],
    ['an answer that JSON can not write', { ok: true, data: 1n }, ['finish', undefined]],
    [
      'an error that JSON can not write',
      { ok: false, error: new WscError('WSC_CONFLICT', { details: 1n }) },
      ['finish', undefined],
    ],
    ['an answer that is too large', { ok: true, data: 'é'.repeat(131_072) }, ['finish', undefined]],
  ])('runs where it is claimed, and tells the others of %s', async (_, answer, told) => {
    const { claims, start } = setUp([{ status: 'claimed' }]);
    await settled(start, answer, told !== 'release');
    expect(claims.calls).toEqual(['claim', told]);
  });

  it.each<[string, Claim, unknown]>([
    ['answered', { status: 'answered', answer: '[{"a":1}]' }, { ok: true, data: { a: 1 } }],
    [
      'answered with an error',
      { status: 'answered', answer: '{"error":"WSC_FORBIDDEN","message":"m","details":{"a":1},"retryAfterMs":5}' },
      { ok: false, error: { error: 'WSC_FORBIDDEN', message: 'm', details: { a: 1 }, retryAfterMs: 5 } },
    ],
    ['answered with nonsense', { status: 'answered', answer: '{' }, { error: { details: 'unknown' } }],
    ['answered with no error', { status: 'answered', answer: '{"error":"x"}' }, { error: { details: 'unknown' } }],
    ['answered with null', { status: 'answered', answer: 'null' }, { error: { details: 'unknown' } }],
    ['lost', { status: 'lost' }, { error: { error: 'WSC_CONFLICT', details: 'unknown' } }],
    ['in conflict', { status: 'conflict' }, { error: { error: 'WSC_CONFLICT', details: undefined } }],
    ['one too many', { status: 'full' }, { error: { error: 'WSC_LIMIT_EXCEEDED' } }],
  ])('does not run where it is %s', async (_, claim, answer) => {
    const { start } = setUp([claim]);
    expect(await start()).toMatchObject({ kind: 'answer', answer });
  });

  it('waits for the node that runs it, for its answer or to run itself', async () => {
    const running = { status: 'running' } as const;
    const shared = setUp([running, running, { status: 'answered', answer: '[1]' }]);
    const starting = shared.start();
    await shared.clock.advance(250);
    expect(shared.claims.calls).toHaveLength(2);
    await shared.clock.advance(250);
    expect(await starting).toMatchObject({ answer: { data: 1 } });
    const released = setUp([running, { status: 'claimed' }]);
    const next = released.start();
    await released.clock.advance(250);
    expect(await next).toMatchObject({ kind: 'run' });
  });

  it('does not wait for longer than 30 s, nor when nobody waits for it', async () => {
    const late = setUp([{ status: 'running' }]);
    const starting = late.start();
    await late.clock.advance(30_000);
    expect(await starting).toMatchObject({ answer: { error: { error: 'WSC_TIMEOUT', temporary: true } } });
    const left = setUp([{ status: 'running' }]);
    const leaving = left.start();
    await left.clock.advance(250);
    left.gone.abort();
    await left.clock.advance(250);
    expect(await leaving).toMatchObject({ answer: { error: { error: 'WSC_TIMEOUT' } } });
    expect(left.claims.calls).toHaveLength(3);
  });

  it('runs again where it is lost and may, once at a time', async () => {
    const lost = { status: 'lost' } as const;
    const again = setUp([lost, { status: 'claimed' }], { isRepeatable: () => true });
    expect(await again.start()).toMatchObject({ kind: 'run' });
    expect(again.claims.calls).toEqual(['claim', 'release', 'claim']);
    const never = setUp([lost], { isRepeatable: () => true });
    expect(await never.start()).toMatchObject({ answer: { error: { error: 'WSC_CONFLICT' } } });
    expect(never.claims.calls).toEqual(['claim', 'release', 'claim']);
    const refuse = () => {
      throw new WscError('WSC_INVALID_NAME');
    };
    const invalid = setUp([lost], { isRepeatable: refuse });
    expect(await invalid.start()).toMatchObject({ answer: { error: { error: 'WSC_INVALID_NAME' } } });
  });

  it.each([new WscError('WSC_TIMEOUT'), new WscError('WSC_UNAVAILABLE'), new Error('bug')])(
    'does not run where it can not be claimed',
    async (cause) => {
      const { start } = setUp([cause]);
      expect(await start()).toMatchObject({ answer: { error: { error: 'WSC_UNAVAILABLE', cause } } });
    },
  );

  it('runs without being claimed where no answers are kept', async () => {
    const { claims, start } = setUp([new Error('asked')], { windowMs: 0 });
    await settled(start, { ok: true, data: 1 }, true);
    expect(claims.calls).toEqual([]);
  });
});
