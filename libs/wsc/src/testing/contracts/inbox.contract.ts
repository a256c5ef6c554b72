import assert from 'node:assert/strict';
import type { Inbox, InboxEntry } from '../../core/ports/inbox.js';
import { describePort, type OpenNodes, type PortPromises } from './runner.js';
import { testMessage } from './test-message.js';

/** How many messages the inboxes under test keep per user. */
export const inboxContractMaxMessages = 5;

/** Declares what every {@link Inbox} promises. `open` makes empty ones that keep {@link inboxContractMaxMessages} per user. */
export function describeInbox(name: string, open: OpenNodes<Inbox>): void {
  describePort(`the ${name} inbox`, open, promises);
}

const promises: PortPromises<Inbox> = {
  'keeps messages in order, at offsets without holes': async ({ here, there }) => {
    for (const id of ['1', '2', '3']) await here.store('ann', testMessage(id));
    const entries = await there.unacknowledged('ann', 'phone', 10);
    assert.deepEqual(JSON.parse(JSON.stringify(entries)), [
      { message: testMessage('1'), offset: 1 },
      { message: testMessage('2'), offset: 2 },
      { message: testMessage('3'), offset: 3 },
    ]);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', 2)), ['1', '2']);
  },

  'keeps a message id once, however often it is stored': async ({ here, there }) => {
    const first = await here.store('ann', testMessage('1', 'first'));
    assert.deepEqual(await there.store('ann', testMessage('1', 'again')), first);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', 10)), ['1']);
  },

  'keeps the users apart': async ({ here, there }) => {
    await here.store('ann', testMessage('1'));
    await here.store('__proto__', testMessage('2'));
    assert.equal((await here.store('bob', testMessage('1'))).offset, 1);
    assert.deepEqual(idsOf(await there.unacknowledged('__proto__', 'phone', 10)), ['2']);
    assert.deepEqual(idsOf(await there.unacknowledged('nobody', 'phone', 10)), []);
  },

  'gives a device no more what it has acknowledged': async ({ here, there }) => {
    for (const id of ['1', '2', '3']) await here.store('ann', testMessage(id));
    assert.equal(await there.acknowledge('ann', 'phone', ['1', '3', '3', 'unknown']), 2);
    assert.equal(await here.acknowledge('ann', 'phone', ['1']), 0);
    assert.deepEqual(idsOf(await here.unacknowledged('ann', 'phone', 10)), ['2']);
  },

  'keeps a message for each device that was seen': async ({ here, there }) => {
    for (const device of ['phone', 'tablet']) await here.unacknowledged('ann', device, 10);
    await here.store('ann', testMessage('1'));
    await here.acknowledge('ann', 'phone', ['1']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'tablet', 10)), ['1']);
    assert.equal(await there.acknowledge('ann', 'tablet', ['1']), 1);
    assert.deepEqual(idsOf(await here.unacknowledged('ann', 'tablet', 10)), []);
  },

  'starts a new device at what nobody has acknowledged': async ({ here, there }) => {
    await here.unacknowledged('ann', 'phone', 10);
    await here.unacknowledged('ann', 'tablet', 10);
    for (const id of ['1', '2']) await here.store('ann', testMessage(id));
    await here.acknowledge('ann', 'phone', ['1']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'watch', 10)), ['2']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'tablet', 10)), ['1', '2']);
  },

  'refuses when it is full, keeps what it has, and takes more once something is acknowledged': async (nodes) => {
    const { here, there } = nodes;
    const ids = Array.from({ length: inboxContractMaxMessages }, (_, index) => `m${String(index)}`);
    for (const id of ids) await here.store('ann', testMessage(id));
    const store = async () => there.store('ann', testMessage('more'));
    await assert.rejects(store, { error: 'WSC_LIMIT_EXCEEDED' });
    assert.equal((await there.store('ann', testMessage('m0'))).offset, 1);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', 10)), ids);
    await here.acknowledge('ann', 'phone', ['m0']);
    assert.equal((await store()).offset, inboxContractMaxMessages + 1);
  },
};

function idsOf(entries: readonly InboxEntry[]): readonly string[] {
  return entries.map(({ message }) => message.id);
}
