import assert from 'node:assert/strict';
import type { SessionOwner, Sessions, SessionState, SessionSuccessor } from '../../core/ports/sessions.js';
import { eventually } from './eventually.js';
import { describePort, type OpenNodes, type PortPromises } from './runner.js';

/** Declares what every {@link Sessions} promises. `open` makes empty ones. */
export function describeSessions(name: string, open: OpenNodes<Sessions>): void {
  describePort(`the ${name} sessions`, open, promises);
}

const promises: PortPromises<Sessions> = {
  'give back what was kept, once': async ({ here, there }) => {
    const state = stateOf(ann, { text: 'Grüße 👋', list: [1, null, true], __nested: {} });
    await here.save('s', state, minute);
    assert.deepEqual(await there.take('s', ann), state);
    assert.equal(await there.take('s', ann), undefined);
    assert.equal(await here.take('s', ann), undefined);
  },

  'give one of several that take at the same time the state': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    const taken = await Promise.all([here, there, here, there].map(async (node) => node.take('s', ann)));
    assert.equal(taken.filter((state) => state !== undefined).length, 1);
  },

  'give nothing where nothing is kept': async ({ there }) => {
    for (const sessionId of ['s', '', '__proto__', '*', '{p1}'])
      assert.equal(await there.take(sessionId, ann), undefined);
  },

  'are taken by their owner only, and stay for it': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    for (const other of others) assert.equal(await there.take('s', other), undefined);
    assert.notEqual(await there.take('s', ann), undefined);
    await here.save('s', stateOf(nobody), minute);
    for (const other of [ann, { ...nobody, deviceId: 'null' }, { userId: 'undefined', deviceId: 'phone' }])
      assert.equal(await there.take('s', other), undefined);
    assert.deepEqual(await there.take('s', nobody), stateOf(nobody));
  },

  'keep the newest state': async ({ here, there }) => {
    await here.save('s', stateOf(ann, { version: 1 }), minute);
    await there.save('s', stateOf(ann, { version: 2 }), minute);
    assert.deepEqual((await here.take('s', ann))?.metadata, { version: 2 });
  },

  'keep what was true when it was saved': async ({ here, there }) => {
    const metadata = { list: [1] };
    await here.save('s', stateOf(ann, metadata), minute);
    metadata.list.push(2);
    assert.deepEqual((await there.take('s', ann))?.metadata, { list: [1] });
  },

  'leave out of the metadata what JSON can not write': async ({ here, there }) => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    await here.save('s', stateOf(ann, { cycle, big: 1n, run: () => 1, tenant: 'a' }), minute);
    assert.deepEqual((await there.take('s', ann))?.metadata, { tenant: 'a' });
  },

  'end when their time is up': async ({ here, there }) => {
    await here.save('long', stateOf(ann), minute);
    await here.save('short', stateOf(ann), 1);
    await shortTime();
    assert.equal(await there.take('short', ann), undefined);
    assert.notEqual(await there.take('long', ann), undefined);
  },

  'stay for so long as they were extended for last, however many': async ({ here, there }) => {
    const ids = Array.from({ length: 1_200 }, (_, index) => `s${String(index)}`);
    for (const sessionId of ids) await here.save(sessionId, stateOf(ann), minute);
    await there.extend([...ids.slice(0, 1_199), 'unknown'], 1);
    await shortTime();
    await there.extend([...ids, 'unknown'], minute);
    for (const sessionId of ['s0', 's499', 's500', 's1198', 'unknown'])
      assert.equal(await here.take(sessionId, ann), undefined);
    assert.notEqual(await here.take('s1199', ann), undefined);
    await there.extend([], minute);
  },

  'lead from one that was taken to the successor that it was given last': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    assert.notEqual(await there.take('s', ann, successor('1')), undefined);
    assert.equal(await here.take('s', ann, successor('2')), undefined);
    await here.save('2', stateOf(ann, { version: 2 }), minute);
    assert.deepEqual((await there.take('s', ann, successor('3')))?.metadata, { version: 2 });
    await there.save('3', stateOf(ann, { version: 3 }), minute);
    assert.deepEqual((await here.take('s', ann))?.metadata, { version: 3 });
    assert.equal(await here.take('s', ann), undefined);
  },

  'lead one step only, and no further than to what is kept': async ({ here, there }) => {
    for (const sessionId of ['s', '1', '2']) await here.save(sessionId, stateOf(ann), minute);
    assert.notEqual(await there.take('s', ann, successor('1')), undefined);
    assert.notEqual(await there.take('1', ann, successor('2')), undefined);
    assert.equal(await here.take('s', ann), undefined);
    assert.notEqual(await there.take('2', ann, successor('3')), undefined);
    await here.save('3', stateOf(ann), minute);
    await here.remove('3');
    assert.equal(await there.take('2', ann), undefined);
  },

  'lead their owner only, for as long as was asked': async ({ here, there }) => {
    for (const sessionId of ['s', '1']) await here.save(sessionId, stateOf(ann), minute);
    await here.take('s', ann, successor('1'));
    for (const other of others) assert.equal(await there.take('s', other, successor('2')), undefined);
    assert.notEqual(await there.take('s', ann, successor('3', 1)), undefined);
    await here.save('3', stateOf(ann), minute);
    await shortTime();
    assert.equal(await there.take('s', ann), undefined);
    assert.notEqual(await there.take('3', ann), undefined);
  },

  'give nobody what is saved of one that was taken': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    await there.take('s', ann, successor('1'));
    await here.save('s', stateOf(ann), minute);
    assert.equal(await there.take('s', ann, successor('2')), undefined);
    await here.save('s', stateOf(ann), minute);
    await here.remove('s');
    await here.save('2', stateOf(ann), minute);
    assert.notEqual(await there.take('s', ann), undefined);
  },

  'are forgotten where that is asked': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    await there.remove('s');
    await there.remove('s');
    assert.equal(await here.take('s', ann), undefined);
  },

  'refuse what is too much for one, and keep what they have': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    const save = async () => here.save('s', stateOf(ann, { text: 'é'.repeat(8_192) }), minute);
    await assert.rejects(save, { error: 'WSC_LIMIT_EXCEEDED' });
    assert.deepEqual(await there.take('s', ann), stateOf(ann));
  },
};

const minute = 60_000;
const ann: SessionOwner = { userId: 'ann', deviceId: 'phone' };
const bob: SessionOwner = { userId: 'bob', deviceId: 'phone' };
const nobody: SessionOwner = { userId: undefined, deviceId: 'phone' };
const others: readonly SessionOwner[] = [bob, nobody, { userId: 'ann', deviceId: 'tablet' }, { ...ann, deviceId: '' }];

function successor(sessionId: string, timeToLiveMs = minute): SessionSuccessor {
  return { sessionId, timeToLiveMs };
}

/** Until what is kept for a millisecond has ended, by the clock of any store. */
async function shortTime(): Promise<void> {
  const startedAt = performance.now();
  await eventually('time passes', () => performance.now() - startedAt > 20);
}

function stateOf(owner: SessionOwner, metadata: Readonly<Record<string, unknown>> = {}): SessionState {
  return {
    owner,
    connectionId: 'c1',
    isClosed: false,
    rooms: [
      { room: 'chat:1', role: 'member', isByClient: true },
      { room: 'news', role: 'subscriber', isByClient: false },
    ],
    metadata,
  };
}
