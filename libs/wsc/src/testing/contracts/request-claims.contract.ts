import assert from 'node:assert/strict';
import type { Claim, ClaimedRequest, ClaimLimits, RequestClaims } from '../../core/ports/request-claims.js';
import { eventually } from './eventually.js';
import { describePort, type OpenNodes, type PortPromises } from './runner.js';

/** Declares what every {@link RequestClaims} promises. `open` makes empty ones. */
export function describeRequestClaims(name: string, open: OpenNodes<RequestClaims>): void {
  describePort(`the ${name} request claims`, open, promises);
}

const promises: PortPromises<RequestClaims> = {
  'let one of several have a request, until it is answered': async ({ here, there }) => {
    const claims = await Promise.all([here, there, there, here].map(async (node) => node.claim(order, limits)));
    assert.deepEqual(claims.map(({ status }) => status).sort(), ['claimed', 'running', 'running', 'running']);
    const holder = claims.findIndex(({ status }) => status === 'claimed') % 3 === 0 ? here : there;
    await holder.finish(order, '["Grüße 👋\\n"]', limits);
    const answered: Claim = { status: 'answered', answer: '["Grüße 👋\\n"]' };
    assert.deepEqual([await here.claim(order, limits), await there.claim(order, limits)], [answered, answered]);
  },

  'tell the same key with another content, while it runs and when it is answered': async ({ here, there }) => {
    const other = { ...order, fingerprint: 'other' };
    await here.claim(order, limits);
    assert.equal((await there.claim(other, limits)).status, 'conflict');
    await here.finish(order, '', limits);
    assert.equal((await there.claim(other, limits)).status, 'conflict');
    assert.deepEqual(await there.claim(order, limits), { status: 'answered', answer: '' });
  },

  'let it run again once it is released': async ({ here, there }) => {
    await here.claim(order, limits);
    await here.release(order);
    assert.equal((await there.claim({ ...order, fingerprint: 'other' }, limits)).status, 'claimed');
  },

  'call it lost where its answer is not kept, or is too large to be; then it can be released': async (nodes) => {
    const { here, there } = nodes;
    for (const answer of [undefined, 'x'.repeat(limits.maxBytes + 1)]) {
      await here.claim(order, limits);
      await here.finish(order, answer, limits);
      assert.equal((await there.claim(order, limits)).status, 'lost');
      assert.equal((await here.claim({ ...order, fingerprint: 'other' }, limits)).status, 'conflict');
      await there.release(order);
      assert.equal((await here.claim(order, limits)).status, 'claimed');
      await here.release(order);
    }
  },

  'keep owners and keys apart, whatever they are': async ({ here, there }) => {
    const roomy = { ...limits, maxEntries: 100, maxBytes: 100_000 };
    const names = ['ann', '', '*', '{p1}', '__proto__', 'a b', 'ü👋', 'a:b', "'; return 1 --", 'x'.repeat(1_000)];
    const requests = names.flatMap((name) => [
      { owner: name, key: 'key', fingerprint: name },
      { owner: 'owner', key: name, fingerprint: `${name} f` },
    ]);
    for (const request of requests) {
      assert.equal((await here.claim(request, roomy)).status, 'claimed');
      await here.finish(request, `answer of ${request.fingerprint}`, roomy);
    }
    for (const request of requests) {
      const answered = { status: 'answered', answer: `answer of ${request.fingerprint}` };
      assert.deepEqual(await there.claim(request, roomy), answered);
    }
  },

  'forget the oldest answer for one request too many, and never one that runs': async ({ here, there }) => {
    await here.claim(named('running'), limits);
    await answer(here, ['1', '2', '3']);
    assert.equal((await there.claim(named('4'), limits)).status, 'claimed');
    assert.equal((await there.claim(named('2'), limits)).status, 'answered');
    assert.equal((await there.claim(named('1'), limits)).status, 'claimed');
    assert.equal((await here.claim(named('running'), limits)).status, 'running');
    assert.equal((await there.claim(named('5'), limits)).status, 'claimed');
    assert.equal((await here.claim(named('6'), limits)).status, 'full');
    assert.equal((await here.claim({ ...named('6'), owner: 'bob' }, limits)).status, 'claimed');
  },

  'forget the oldest answers where all together are too large': async ({ here, there }) => {
    await answer(here, ['1', '2', '3'], 'x'.repeat(400));
    const statuses = [];
    for (const key of ['3', '2', '1']) statuses.push((await there.claim(named(key), limits)).status);
    assert.deepEqual(statuses, ['answered', 'answered', 'claimed']);
  },

  'forget an answer when its time is up': async ({ here, there }) => {
    const short = { ...limits, windowMs: 1 };
    await here.claim(order, short);
    await here.finish(order, 'first', short);
    await eventually('it may run again', async () => (await there.claim(order, short)).status === 'claimed');
    assert.equal((await here.claim(order, short)).status, 'running');
  },

  'listen to nobody about a request but to who has claimed it': async ({ here, there }) => {
    if (here === there) return;
    await here.claim(order, limits);
    await there.finish(order, 'of another', limits);
    await there.release(order);
    assert.equal((await there.claim(order, limits)).status, 'running');
    await here.finish(order, 'its own', limits);
    await there.release(order);
    await here.release(order);
    await here.finish(order, 'again', limits);
    assert.deepEqual(await there.claim(order, limits), { status: 'answered', answer: 'its own' });
  },
};

const limits: ClaimLimits = { windowMs: 60_000, maxEntries: 4, maxBytes: 1_200 };
const order: ClaimedRequest = { owner: 'ann', key: 'order', fingerprint: 'content' };

function named(key: string): ClaimedRequest {
  return { ...order, key };
}

async function answer(claims: RequestClaims, keys: readonly string[], text = 'text'): Promise<void> {
  for (const key of keys) {
    await claims.claim(named(key), limits);
    await claims.finish(named(key), text, limits);
    // The next one is the younger of two, by the store's clock.
    const startedAt = performance.now();
    await eventually('time passes', () => performance.now() - startedAt > 2);
  }
}
