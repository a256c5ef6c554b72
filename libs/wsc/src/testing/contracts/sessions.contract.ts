import assert from 'node:assert/strict';
import type {
  SessionOwner,
  SessionPlace,
  Sessions,
  SessionState,
  SessionSuccessor,
} from '../../core/ports/sessions.js';
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
    await here.save('t', stateOf(nobody), minute);
    for (const other of [ann, { ...nobody, deviceId: 'null' }, { userId: 'undefined', deviceId: 'phone' }])
      assert.equal(await there.take('t', other), undefined);
    assert.deepEqual(await there.take('t', nobody), stateOf(nobody));
    await here.save('u', stateOf(admin), minute);
    await here.save('u', stateOf(ann), minute);
    assert.equal(await there.take('u', admin), undefined);
    assert.notEqual(await there.take('u', ann), undefined);
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
    for (let start = 0; start < ids.length; start += 50)
      await Promise.all(ids.slice(start, start + 50).map(async (id) => here.save(id, stateOf(ann), minute)));
    const rest = ids.slice(0, 1_199).map(placeOf);
    assert.deepEqual(await there.extend([...rest, placeOf('unknown')], 1), ['unknown']);
    await shortTime();
    const missing = await there.extend([...ids, 'unknown'].map(placeOf), minute);
    assert.deepEqual([...missing].sort(), [...ids.slice(0, 1_199), 'unknown'].sort());
    for (const sessionId of ['s0', 's499', 's500', 's1198', 'unknown'])
      assert.equal(await here.take(sessionId, ann), undefined);
    assert.notEqual(await here.take('s1199', ann), undefined);
    assert.deepEqual(await there.extend([], minute), []);
  },

  "are extended also where they are nobody's, beside those of users": async ({ here, there }) => {
    const owners = [nobody, ann, nobody, bob];
    for (const [index, owner] of owners.entries()) await here.save(String(index), stateOf(owner), minute);
    const places = owners.map(({ userId }, index) => ({ sessionId: String(index), userId }));
    assert.deepEqual(await there.extend([...places, { sessionId: '4', userId: undefined }], minute), ['4']);
    await here.removeOf('bob');
    assert.deepEqual(await there.extend(places, 1), ['3']);
    await shortTime();
    assert.deepEqual([...(await there.extend(places, minute))].sort(), ['0', '1', '2', '3']);
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
    await here.remove(placeOf('3'));
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

  'do not keep what is saved late of one that was taken, which leads on as before': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    await there.take('s', ann, successor('1'));
    await there.save('1', stateOf(ann, { version: 2 }), minute);
    for (const late of [here.save.bind(here), here.replace.bind(here)])
      assert.equal(await late('s', stateOf(ann, { version: 1 }), minute), false);
    await here.remove(placeOf('s'));
    assert.deepEqual((await there.take('s', ann))?.metadata, { version: 2 });
  },

  'replace only what is kept still': async ({ here, there }) => {
    assert.equal(await here.replace('s', stateOf(ann), minute), false);
    assert.equal(await there.take('s', ann), undefined);
    assert.equal(await here.save('s', stateOf(ann), minute), true);
    assert.equal(await there.replace('s', stateOf(ann, { version: 2 }), minute), true);
    assert.deepEqual((await there.take('s', ann))?.metadata, { version: 2 });
  },

  'are forgotten where that is asked, and may be made again': async ({ here, there }) => {
    for (const owner of [ann, nobody]) {
      const place = { sessionId: 's', userId: owner.userId };
      await here.save('s', stateOf(owner), minute);
      await there.remove(place);
      await there.remove(place);
      assert.equal(await here.take('s', owner), undefined);
      assert.equal(await here.save('s', stateOf(owner), minute), true);
      assert.notEqual(await there.take('s', owner), undefined);
    }
  },

  "end all of a user at once, and nobody else's": async ({ here, there }) => {
    const tablet = { ...ann, deviceId: 'tablet' };
    for (const sessionId of ['taken', '{p1}', '*']) await here.save(sessionId, stateOf(ann), minute);
    await here.save('other', stateOf(tablet), minute);
    await here.save('bob', stateOf(bob), minute);
    await here.save('nobody', stateOf(nobody), minute);
    await there.take('taken', ann, successor('next'));
    await here.save('next', stateOf(ann), minute);
    await there.removeOf('ann');
    await there.removeOf('ann');
    for (const sessionId of ['taken', 'next', '{p1}', '*']) assert.equal(await here.take(sessionId, ann), undefined);
    assert.equal(await here.take('other', tablet), undefined);
    assert.notEqual(await here.take('bob', bob), undefined);
    assert.notEqual(await here.take('nobody', nobody), undefined);
  },

  'do not keep what is saved late of one that was ended, but others of its user': async ({ here, there }) => {
    await here.save('s', stateOf(ann), minute);
    await there.removeOf('ann');
    for (const late of [here.save.bind(here), here.replace.bind(here)])
      assert.equal(await late('s', stateOf(ann), minute), false);
    assert.equal(await there.take('s', ann), undefined);
    assert.equal(await here.save('t', stateOf(ann), minute), true);
    assert.notEqual(await there.take('t', ann), undefined);
  },

  'end those of a user that were kept for longer meanwhile': async ({ here, there }) => {
    await here.save('s', stateOf(ann), 1_000);
    await there.extend([placeOf('s')], minute);
    await here.save('t', stateOf(ann), 1);
    await shortTime();
    await there.removeOf('ann');
    assert.equal(await here.take('s', ann), undefined);
    assert.equal(await here.save('t', stateOf(ann), minute), true);
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
const admin: SessionOwner = { ...ann, userType: 'admin' };
const others: readonly SessionOwner[] = [
  ...[bob, nobody, admin, { ...ann, userType: '' }],
  ...[
    { ...ann, deviceId: 'tablet' },
    { ...ann, deviceId: '' },
  ],
];

/** Where one of Ann's is. */
function placeOf(sessionId: string): SessionPlace {
  return { sessionId, userId: 'ann' };
}

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
