import assert from 'node:assert/strict';
import type { MaybePromise } from '../../core/async/maybe-promise.js';
import type { Broker, BrokerMessage } from '../../core/ports/broker.js';
import type { StreamRead, Streams, StreamWrite, StreamWriteResult } from '../../core/ports/streams.js';
import { describePort, type OpenNodes, type PortPromises } from './runner.js';
import { testMessage } from './test-message.js';

/** Streams, and the broker of their node through which they tell what they have stored. */
export interface StreamsNode {
  readonly streams: Streams;
  /** Not started. */
  readonly broker: Broker;
  /** Ends both. */
  close(): MaybePromise<void>;
}

/** Declares what {@link Streams} promise. `open` makes empty ones. */
export function describeStreams(name: string, open: OpenNodes<StreamsNode>): void {
  describePort(`the ${name} streams`, open, promises);
}

const all = { maxMessages: 2_000, maxBytes: 10_000_000 };
const limits = { maxMessages: 100, timeToLiveMs: 60_000 };
/** One more than a stream knows versions of, beside two others: 27 times 37. */
const manyKeys = 999;

const promises: PortPromises<StreamsNode> = {
  'give each message the next offset, whoever writes, in one epoch': async ({ here, there }) => {
    const first = await append(here, '1');
    const epoch = first.position.epoch;
    assert.deepEqual(first, { status: 'stored', id: '1', position: { offset: 1, epoch } });
    assert.deepEqual((await append(there, '2')).position, { offset: 2, epoch });
    const writes = Array.from({ length: 50 }, (_, index) =>
      append(index % 2 === 0 ? here : there, `m${String(index)}`),
    );
    const offsets = (await Promise.all(writes)).map(({ position }) => position.offset);
    assert.deepEqual(
      offsets.toSorted((one, other) => one - other),
      offsets.map((_, index) => index + 3),
    );
    assert.equal((await here.streams.append('chat:2', writeOf('1'))).position.offset, 1);
  },

  'read what follows a position, as it was written': async ({ here, there }) => {
    const writes = [
      { message: { ...testMessage('1'), from: 'ann', fromName: 'Ann', room: 'chat:1' }, exceptConnectionId: 'c1' },
      { message: testMessage('2', null) },
      { message: { ...testMessage('3', 'x'.repeat(10_000)), priority: 'high', key: 'price', to: 'bob' } },
    ] satisfies readonly Partial<StreamWrite>[];
    for (const write of writes) await here.streams.append('chat:1', { ...write, limits });
    const expected = writes.map((write, index) => ({ ...write, offset: index + 1 }));
    const start = await there.streams.readFromStart('chat:1', all);
    assert.deepEqual(plain(start.entries), plain(expected));
    assert.equal(start.top.offset, 3);
    const rest = await there.streams.read('chat:1', { ...start.top, offset: 1 }, all);
    assert.deepEqual(plain(rest), plain({ status: 'ok', entries: expected.slice(1), top: start.top }));
    assert.deepEqual(await there.streams.read('chat:1', start.top, all), { status: 'ok', entries: [], top: start.top });
    assert.deepEqual((await there.streams.readFromStart('chat:2', all)).entries, []);
  },

  'read so many messages and bytes at once, one message at least': async ({ here, there }) => {
    const { position } = await append(here, '1');
    for (let id = 2; id <= 80; id += 1)
      await append(here, String(id), { message: testMessage(String(id), 'x'.repeat(2_000)) });
    const page = async (offset: number, limit: Partial<typeof all>) =>
      idsOf(await there.streams.read('chat:1', { ...position, offset }, { ...all, ...limit }));
    assert.deepEqual(await page(1, { maxMessages: 2 }), ['2', '3']);
    assert.deepEqual(await page(1, { maxBytes: 6_000 }), ['2', '3']);
    assert.deepEqual(await page(1, { maxBytes: 1 }), ['2']);
    assert.equal((await page(1, {})).length, 79);
    assert.deepEqual(await page(78, {}), ['79', '80']);
    assert.deepEqual(idsOf(await there.streams.readFromStart('chat:1', { ...all, maxMessages: 1 })), ['1']);
  },

  'keep so many messages, and say where a part of what follows is gone': async ({ here, there }) => {
    const { position } = await append(here, '1');
    for (const id of ['2', '3', '4', '5']) await append(here, id, { limits: { ...limits, maxMessages: 3 } });
    const top = { ...position, offset: 5 };
    assert.deepEqual(await there.streams.read('chat:1', { ...position, offset: 1 }, all), { status: 'trimmed', top });
    assert.deepEqual(idsOf(await there.streams.read('chat:1', { ...position, offset: 2 }, all)), ['3', '4', '5']);
    assert.deepEqual(idsOf(await there.streams.readFromStart('chat:1', all)), ['3', '4', '5']);
  },

  'forget a message when its time is up, and count on': async ({ here, there }) => {
    const brief = { limits: { ...limits, timeToLiveMs: 1 } };
    const { position } = await append(here, '1', brief);
    for (const id of ['2', '3']) await append(here, id, brief);
    const isGone = async () => (await there.streams.readFromStart('chat:1', all)).entries.length === 0;
    while (!(await isGone())) await new Promise(setImmediate);
    assert.equal((await append(here, '4')).position.offset, 4);
    const top = { ...position, offset: 4 };
    assert.deepEqual(await there.streams.read('chat:1', { ...position, offset: 2 }, all), { status: 'trimmed', top });
    assert.deepEqual(idsOf(await there.streams.read('chat:1', { ...position, offset: 3 }, all)), ['4']);
  },

  'tell a position of another epoch, or ahead of the top': async ({ here, there }) => {
    const { position: top } = await append(here, '1');
    for (const since of [
      { ...top, offset: 2 },
      { offset: 1, epoch: 'other' },
      { offset: 0, epoch: '' },
    ]) {
      assert.deepEqual(await there.streams.read('chat:1', since, all), { status: 'epoch', top });
    }
    assert.equal((await there.streams.read('chat:2', { ...top, offset: 0 }, all)).status, 'epoch');
  },

  'tell where rooms have come to, and a room without a stream begins': async ({ here, there }) => {
    const { position } = await here.streams.append('__proto__', writeOf('1'));
    const rooms = [
      'new',
      '__proto__',
      'constructor',
      ...Array.from({ length: 150 }, (_, index) => `r${String(index)}`),
    ];
    const tops = await there.streams.tops(rooms);
    assert.deepEqual(
      tops.map(({ offset }) => offset),
      rooms.map((room) => (room === '__proto__' ? 1 : 0)),
    );
    assert.deepEqual(tops[1], position);
    assert.deepEqual(await here.streams.tops(rooms), tops);
    assert.deepEqual((await here.streams.append('new', writeOf('1'))).position, { ...tops[0], offset: 1 });
    assert.deepEqual(await here.streams.tops([]), []);
  },

  'forget a room that is deleted: what comes next has another epoch': async ({ here, there }) => {
    const version = { key: 'ann', value: 5 };
    const { position } = await append(here, '1', { version });
    await there.streams.delete('chat:1');
    await there.streams.delete('chat:2');
    assert.equal((await here.streams.read('chat:1', position, all)).status, 'epoch');
    assert.deepEqual((await here.streams.readFromStart('chat:1', all)).entries, []);
    const next = await append(here, '2', { version });
    assert.deepEqual([next.status, next.position.offset], ['stored', 1]);
    assert.notEqual(next.position.epoch, position.epoch);
    assert.deepEqual(idsOf(await there.streams.readFromStart('chat:1', all)), ['2']);
  },

  'store a write once however often it is tried, and answer as the first time': async ({ here, there }) => {
    const once = { key: 'ann phone \u{1f44b} \ud800 1', windowMs: 60_000 };
    const first = await append(here, 'first', { once });
    await append(here, 'between', { once: { ...once, key: 'another' } });
    assert.deepEqual(await append(there, 'again', { once }), { ...first, status: 'repeated' });
    assert.deepEqual(idsOf(await there.streams.readFromStart('chat:1', all)), ['first', 'between']);
    assert.equal((await there.streams.append('chat:2', writeOf('elsewhere', { once }))).status, 'stored');
    const attempts = Array.from({ length: 20 }, (_, index) =>
      append(index % 2 === 0 ? here : there, String(index), { once: { ...once, key: 'raced' } }),
    );
    const results = await Promise.all(attempts);
    assert.equal(results.filter(({ status }) => status === 'stored').length, 1);
    assert.equal(new Set(results.map(({ id, position }) => `${id} ${String(position.offset)}`)).size, 1);
  },

  'store it again when the window is over': async ({ here, there }) => {
    const once = { key: 'k', windowMs: 1 };
    await append(here, '1', { once });
    while ((await append(there, '2', { once })).status === 'repeated') await new Promise(setImmediate);
    assert.deepEqual(idsOf(await here.streams.readFromStart('chat:1', all)), ['1', '2']);
  },

  'leave out what is older than the version they have, per key': async ({ here, there }) => {
    const write = async (id: string, key: string, value: number) => append(here, id, { version: { key, value } });
    await write('1', 'ann', 7);
    const stale = { status: 'stale', id: 'late', position: (await write('2', 'bob', 1.5)).position };
    assert.deepEqual(await append(there, 'late', { version: { key: 'ann', value: 6 } }), stale);
    assert.deepEqual(await append(there, 'late', { version: { key: 'ann', value: 7 } }), stale);
    assert.equal((await write('3', 'ann', 7.5)).status, 'stored');
    assert.equal((await write('late', 'ann', 7)).status, 'stale');
    assert.equal((await write('4', '__proto__', -1)).status, 'stored');
    assert.deepEqual(idsOf(await there.streams.readFromStart('chat:1', all)), ['1', '2', '3', '4']);
  },

  'answer a repeat of what was left out the same': async ({ here, there }) => {
    await append(here, '1', { version: { key: 'ann', value: 7 } });
    const late = { version: { key: 'ann', value: 6 }, once: { key: 'k', windowMs: 60_000 } };
    const answer = await append(here, 'late', late);
    await append(here, '2');
    assert.deepEqual(await append(there, 'again', late), answer);
  },

  'know the versions of the thousand keys that were written last, however low they are': async ({ here, there }) => {
    const write = async ({ streams }: StreamsNode, key: string, value: number) =>
      (await streams.append('chat:1', writeOf('m', { version: { key, value } }))).status;
    await write(here, 'EUR', 6);
    await write(here, 'USD', 9);
    await write(here, 'EUR', 7);
    for (let key = 0; key < manyKeys; key += 37) {
      await Promise.all(Array.from({ length: 37 }, (_, index) => write(here, `k${String(key + index)}`, 10)));
    }
    assert.equal(await write(there, 'EUR', 6), 'stale');
    assert.equal(await write(there, 'k0', 9), 'stale');
    // The one that gave way, although its version is higher.
    assert.equal(await write(there, 'USD', 8), 'stored');
    assert.equal(await write(there, 'USD', 7), 'stale');
  },

  'tell everybody through the broker, who writes too, of what is stored and of nothing else': async (nodes) => {
    const heard = [await hear(nodes.here), ...(nodes.here === nodes.there ? [] : [await hear(nodes.there)])];
    const except = { exceptConnectionId: 'c1' };
    const extra = { once: { key: 'k', windowMs: 60_000 }, version: { key: 'ann', value: 1 }, ...except };
    const first = await append(nodes.here, '1', extra);
    await append(nodes.here, 'repeated', extra);
    await append(nodes.here, 'stale', { version: extra.version });
    const last = await append(nodes.here, '2', { message: testMessage('2', null) });
    const room = { kind: 'room', room: 'chat:1' };
    const expected = [
      { destination: room, message: testMessage('1'), position: first.position, ...except },
      { destination: room, message: testMessage('2', null), position: last.position },
    ];
    for (const { messages, until } of heard) {
      await until(expected.length);
      assert.deepEqual(plain(messages), plain(expected));
    }
  },

  'refuse what can not be written or compared, and keep nothing of it': async ({ here, there }) => {
    const refused = { error: 'WSC_INTERNAL' };
    await assert.rejects(append(here, '1', { message: testMessage('1', 1n) }), refused);
    await assert.rejects(append(here, '1', { version: { key: 'ann', value: Number.NaN } }), refused);
    assert.equal((await append(here, '2')).position.offset, 1);
    assert.deepEqual(idsOf(await there.streams.readFromStart('chat:1', all)), ['2']);
  },
};

async function append(
  { streams }: StreamsNode,
  id: string,
  write: Partial<StreamWrite> = {},
): Promise<StreamWriteResult> {
  return streams.append('chat:1', writeOf(id, write));
}

function writeOf(id: string, write: Partial<StreamWrite> = {}): StreamWrite {
  return { message: testMessage(id), limits, ...write };
}

function idsOf(read: StreamRead): readonly string[] {
  if (read.status !== 'ok') throw new assert.AssertionError({ message: `It is ${read.status}.` });
  return read.entries.map(({ message }) => message.id);
}

/** As JSON has it, which leaves out what is undefined. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

interface Hearing {
  readonly messages: readonly BrokerMessage[];
  /** Waits until so many were heard. */
  readonly until: (count: number) => Promise<void>;
}

/** Listens to the room of these tests. */
async function hear({ broker }: StreamsNode): Promise<Hearing> {
  const messages: BrokerMessage[] = [];
  await broker.start((message) => {
    messages.push(message);
    return { queued: 0, dropped: 0 };
  });
  await broker.subscribe({ kind: 'room', room: 'chat:1' });
  const until = async (count: number): Promise<void> => {
    while (messages.length < count) await new Promise(setImmediate);
  };
  return { messages, until };
}
