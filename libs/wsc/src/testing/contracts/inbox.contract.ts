import assert from 'node:assert/strict';
import type { Broker, BrokerMessage } from '../../core/ports/broker.js';
import { silentDevice, unnamedDevice, type DeadLetter, type Inbox, type InboxPage } from '../../core/ports/inbox.js';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import { eventually } from './eventually.js';
import { describePort, type Nodes, type OpenNodes, type PortPromises } from './runner.js';
import { testMessage } from './test-message.js';

/** How many messages the inboxes under test keep per user. */
export const inboxContractMaxMessages = 5;

/** An inbox, and the broker of its node through which it tells what it has stored. */
export interface InboxNode {
  readonly inbox: Inbox;
  /** Not started. */
  readonly broker: Broker;
  /** Ends both. */
  close(): MaybePromise<void>;
}

/** Declares what every {@link Inbox} promises. `open` makes empty ones that keep {@link inboxContractMaxMessages} per user. */
export function describeInbox(name: string, open: OpenNodes<InboxNode>): void {
  describePort(`the ${name} inbox`, open, promises);
}

const promises: PortPromises<InboxNode> = {
  'keeps messages in order, at offsets without holes': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const id of ['1', '2', '3']) await here.store('ann', { message: testMessage(id) });
    const { entries } = await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all });
    assert.deepEqual(JSON.parse(JSON.stringify(entries)), [
      { message: testMessage('1'), offset: 1 },
      { message: testMessage('2'), offset: 2 },
      { message: testMessage('3'), offset: 3 },
    ]);
  },

  'gives pages of so many messages or bytes, of one message at least': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const id of ['1', '2', '3']) await here.store('ann', { message: testMessage(id, 'x'.repeat(2_000)) });
    const page = async (afterOffset: number, limit: Partial<typeof all>) =>
      idsOf(await there.unacknowledged('ann', 'phone', { afterOffset, ...all, ...limit }));
    assert.deepEqual(await page(0, { maxMessages: 2 }), ['1', '2']);
    assert.deepEqual(await page(1, { maxMessages: 2 }), ['2', '3']);
    assert.deepEqual(await page(0, { maxBytes: 6_000 }), ['1', '2']);
    assert.deepEqual(await page(0, { maxBytes: 1 }), ['1']);
    assert.deepEqual(await page(3, {}), []);
  },

  'keeps a message id once, however often it is stored': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    const { position } = await here.store('ann', { message: testMessage('1', 'first') });
    const again = { message: testMessage('1', 'again') };
    assert.deepEqual(await there.store('ann', again), { status: 'repeated', position });
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), ['1']);
    assert.deepEqual(await here.acknowledge('ann', 'phone', ['1']), ['1']);
    assert.deepEqual(await there.store('ann', again), { status: 'repeated', position });
    assert.deepEqual(idsOf(await here.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), []);
  },

  'tells once through the broker, with its position, what it has stored': async (nodes) => {
    const { here, there } = nodes;
    const heard: BrokerMessage[] = [];
    const counted = { queued: 0, dropped: 0 };
    if (here !== there) await here.broker.start(() => counted);
    await there.broker.start((message) => {
      heard.push(message);
      return counted;
    });
    await there.broker.subscribe({ kind: 'user', userId: 'ann' });
    const { position } = await here.inbox.store('ann', { message: testMessage('1'), ackTo: 'n1.0a1b2c3d' });
    await here.inbox.store('bob', { message: testMessage('of bob') });
    await here.inbox.store('ann', { message: testMessage('1') });
    await here.inbox.store('ann', { message: testMessage('2') });
    await eventually('both are heard', () => heard.length >= 2);
    const destination = { kind: 'user', userId: 'ann' };
    assert.deepEqual(JSON.parse(JSON.stringify(heard)), [
      { destination, message: testMessage('1'), position, ackTo: 'n1.0a1b2c3d' },
      { destination, message: testMessage('2'), position: { ...position, offset: 2 } },
    ]);
  },

  'keeps the users apart': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    await here.store('ann', { message: testMessage('1') });
    await here.store('__proto__', { message: testMessage('2') });
    assert.equal((await here.store('bob', { message: testMessage('1') })).position.offset, 1);
    assert.deepEqual(idsOf(await there.unacknowledged('__proto__', 'phone', { afterOffset: 0, ...all })), ['2']);
    assert.deepEqual(idsOf(await there.unacknowledged('nobody', 'phone', { afterOffset: 0, ...all })), []);
    assert.deepEqual(await there.size('ann'), { messages: 1, deadLetters: 0 });
    assert.deepEqual(await there.size('nobody'), { messages: 0, deadLetters: 0 });
  },

  'gives a device no more what it has acknowledged': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const id of ['1', '2', '3']) await here.store('ann', { message: testMessage(id) });
    assert.deepEqual(await there.acknowledge('ann', 'phone', ['1', '3', '3', 'unknown']), ['1', '3']);
    assert.deepEqual(await here.acknowledge('ann', 'phone', ['1']), []);
    assert.deepEqual(await here.acknowledge('ann', 'phone', []), []);
    assert.deepEqual(idsOf(await here.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), ['2']);
  },

  'says whether any device has acknowledged a message, also when all have': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const device of ['phone', 'tablet']) await here.unacknowledged('ann', device, { afterOffset: 0, ...all });
    for (const id of ['1', '2']) await here.store('ann', { message: testMessage(id) });
    const known = async () =>
      Promise.all(['1', '2', '3'].map(async (id) => [id, await there.isAcknowledged('ann', id)] as const));
    assert.deepEqual(
      new Map(await known()),
      new Map([
        ['1', false],
        ['2', false],
        ['3', false],
      ]),
    );
    for (const device of ['phone', 'tablet']) {
      await here.acknowledge('ann', device, ['1']);
      assert.deepEqual(
        new Map(await known()),
        new Map([
          ['1', true],
          ['2', false],
          ['3', false],
        ]),
      );
    }
    assert.equal(await there.isAcknowledged('nobody', '1'), false);
  },

  'takes a position as the acknowledgement of all up to it': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const id of ['1', '2', '3', '4']) await here.store('ann', { message: testMessage(id) });
    const { epoch } = await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all });
    await here.acknowledge('ann', 'phone', ['2']);
    assert.equal(await here.acknowledgeUpTo('ann', 'phone', { offset: 3, epoch }), true);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), ['4']);
  },

  'takes no position of another inbox, nor one that nothing has yet': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    await here.store('ann', { message: testMessage('1') });
    const { position } = await here.store('bob', { message: testMessage('1') });
    assert.equal(await there.acknowledgeUpTo('ann', 'phone', position), false);
    assert.equal(await there.acknowledgeUpTo('bob', 'phone', { ...position, offset: 2 }), false);
    assert.equal(await there.acknowledgeUpTo('nobody', 'phone', position), false);
    assert.deepEqual(await here.size('ann'), { messages: 1, deadLetters: 0 });
    assert.deepEqual(await here.size('bob'), { messages: 1, deadLetters: 0 });
  },

  'keeps a message for each device that was seen': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    await here.unacknowledged('ann', 'phone', { afterOffset: 0, ...all });
    assert.deepEqual(await here.acknowledge('ann', 'tablet', []), []);
    await here.store('ann', { message: testMessage('1') });
    await here.acknowledge('ann', 'phone', ['1']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'tablet', { afterOffset: 0, ...all })), ['1']);
    assert.deepEqual(await there.acknowledge('ann', 'tablet', ['1']), ['1']);
    assert.deepEqual(idsOf(await here.unacknowledged('ann', 'tablet', { afterOffset: 0, ...all })), []);
    assert.deepEqual(await here.size('ann'), { messages: 0, deadLetters: 0 });
  },

  'gives the silent device what nobody has acknowledged, and never waits for it': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', silentDevice, { afterOffset: 0, ...all })), []);
    await here.store('ann', { message: testMessage('1') });
    assert.deepEqual(idsOf(await there.unacknowledged('ann', silentDevice, { afterOffset: 0, ...all })), ['1']);
    assert.deepEqual(await there.acknowledge('ann', silentDevice, ['1']), ['1']);
    assert.equal((await here.size('ann')).messages, 0);
    await here.unacknowledged('ann', 'phone', { afterOffset: 0, ...all });
    await here.store('ann', { message: testMessage('2') });
    assert.deepEqual(await there.acknowledge('ann', silentDevice, ['2']), ['2']);
    assert.deepEqual(await there.acknowledge('ann', silentDevice, ['2']), []);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', silentDevice, { afterOffset: 0, ...all })), []);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), ['2']);
    assert.deepEqual(await here.acknowledge('ann', 'phone', ['2']), ['2']);
    assert.equal((await here.size('ann')).messages, 0);
  },

  'waits for the unnamed device as for a named one, wherever it was seen': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', unnamedDevice, { afterOffset: 0, ...all })), []);
    await here.store('ann', { message: testMessage('1') });
    await here.acknowledge('ann', 'phone', ['1']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', unnamedDevice, { afterOffset: 0, ...all })), ['1']);
    assert.deepEqual(await there.acknowledge('ann', unnamedDevice, ['1']), ['1']);
    assert.deepEqual(await here.size('ann'), { messages: 0, deadLetters: 0 });
    await here.acknowledge('bob', unnamedDevice, []);
    await here.store('bob', { message: testMessage('1') });
    await here.acknowledge('bob', 'phone', ['1']);
    assert.deepEqual(idsOf(await there.unacknowledged('bob', unnamedDevice, { afterOffset: 0, ...all })), ['1']);
  },

  'does not count the unnamed device among the ten': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    const devices = [unnamedDevice, ...Array.from({ length: 10 }, (_, index) => `device ${String(index)}`)];
    for (const device of devices) await here.unacknowledged('ann', device, { afterOffset: 0, ...all });
    await here.store('ann', { message: testMessage('1') });
    for (const device of devices.reverse()) {
      assert.deepEqual(idsOf(await there.unacknowledged('ann', device, { afterOffset: 0, ...all })), ['1']);
      await there.acknowledge('ann', device, ['1']);
    }
    assert.deepEqual(await here.size('ann'), { messages: 0, deadLetters: 0 });
  },

  'starts a new device at what nobody has acknowledged': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const device of ['phone', 'tablet']) await here.unacknowledged('ann', device, { afterOffset: 0, ...all });
    for (const id of ['1', '2']) await here.store('ann', { message: testMessage(id) });
    await here.acknowledge('ann', 'phone', ['1']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'watch', { afterOffset: 0, ...all })), ['2']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'tablet', { afterOffset: 0, ...all })), ['1', '2']);
  },

  'waits for ten devices of a user at most, those seen last': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    await here.store('ann', { message: testMessage('1') });
    for (let index = 0; index < 11; index += 1)
      await here.unacknowledged('ann', `device ${String(index)}`, { afterOffset: 0, ...all });
    for (let index = 1; index < 11; index += 1) await there.acknowledge('ann', `device ${String(index)}`, ['1']);
    assert.deepEqual(await here.size('ann'), { messages: 0, deadLetters: 0 });
  },

  'refuses when it is full, keeps what it has, and takes more once something is acknowledged': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    const ids = Array.from({ length: inboxContractMaxMessages }, (_, index) => `m${String(index)}`);
    for (const id of ids) await here.store('ann', { message: testMessage(id) });
    const store = async () => there.store('ann', { message: testMessage('more') });
    await assert.rejects(store, { error: 'WSC_LIMIT_EXCEEDED' });
    assert.equal((await there.store('ann', { message: testMessage('m0') })).position.offset, 1);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), ids);
    await here.acknowledge('ann', 'phone', ['m0']);
    assert.equal((await store()).position.offset, inboxContractMaxMessages + 1);
  },

  'refuses data that can not be written': async (nodes) => {
    const { here } = inboxesOf(nodes);
    const store = async () => here.store('ann', { message: testMessage('1', 1n) });
    await assert.rejects(store, { error: 'WSC_INTERNAL' });
    assert.deepEqual(await here.size('ann'), { messages: 0, deadLetters: 0 });
  },

  'makes dead letters of messages whose time was up before each device had them': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    for (const device of ['phone', 'tablet']) await here.unacknowledged('ann', device, { afterOffset: 0, ...all });
    await here.store('ann', { message: testMessage('stays') });
    await storeDead(here, ['first', 'second']);
    assert.deepEqual(idsOf(await there.unacknowledged('ann', 'phone', { afterOffset: 0, ...all })), ['stays']);
    assert.deepEqual(await there.size('ann'), { messages: 1, deadLetters: 2 });
    const letters = await there.deadLetters('ann');
    assert.deepEqual(letters.map(letterIdOf), ['second', 'first']);
    assert.ok(letters.every(({ diedAt }) => diedAt > 0));
    assert.deepEqual(
      letters.map(({ position }) => position.offset),
      [3, 2],
    );
    assert.deepEqual(JSON.parse(JSON.stringify(letters[1]?.message)), testMessage('first'));
    assert.deepEqual(await there.deadLetters('nobody'), []);
  },

  'gives a dead letter out once, and keeps its message anew': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    await storeDead(here, ['1', '2']);
    const taken = [await there.takeDeadLetter('ann', '1'), await here.takeDeadLetter('ann', '1')];
    assert.deepEqual(
      taken.map((letter) => letter && letterIdOf(letter)),
      ['1', undefined],
    );
    const stored = await there.store('ann', { message: testMessage('1') });
    assert.deepEqual([stored.status, stored.position.offset], ['stored', 3]);
    assert.equal((await there.store('ann', { message: testMessage('2') })).status, 'stored');
    assert.deepEqual(await here.size('ann'), { messages: 2, deadLetters: 0 });
    assert.equal(await here.takeDeadLetter('nobody', '1'), undefined);
  },

  'keeps the newest 100 dead letters': async (nodes) => {
    const { here, there } = inboxesOf(nodes);
    const ids = Array.from({ length: 103 }, (_, index) => `m${String(index)}`);
    for (const id of ids) await storeDead(here, [id]);
    assert.deepEqual((await there.deadLetters('ann')).map(letterIdOf), ids.slice(3).reverse());
  },
};

const all = { maxMessages: 100, maxBytes: 1_000_000 };

function inboxesOf({ here, there }: Nodes<InboxNode>): Nodes<Inbox> {
  return { here: here.inbox, there: there.inbox };
}

/** Stores for ann what is dead as soon as the store's clock has moved on, one after the other. */
async function storeDead(inbox: Inbox, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    await inbox.store('ann', { message: testMessage(id), timeToLiveMs: 1 });
    await eventually(`${id} is dead`, async () => (await inbox.deadLetters('ann')).map(letterIdOf).includes(id));
  }
}

function idsOf({ entries }: InboxPage): readonly string[] {
  return entries.map(({ message }) => message.id);
}

function letterIdOf({ message }: DeadLetter): string {
  return message.id;
}
