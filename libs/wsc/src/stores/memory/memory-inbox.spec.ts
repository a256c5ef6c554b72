import type { Broker } from '../../core/ports/broker.js';
import { unnamedDevice } from '../../core/ports/inbox.js';
import { testMessage } from '../../testing/contracts/test-message.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryBroker } from './memory-broker.js';
import { MemoryInbox, type MemoryInboxOptions } from './memory-inbox.js';

const day = 86_400_000;
const all = { maxMessages: 100, maxBytes: 1_000_000 };
const limitExceeded = expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' });

interface Stored {
  readonly data?: unknown;
  readonly timeToLiveMs?: number;
}

function setUp(options: Partial<MemoryInboxOptions> = {}) {
  const clock = new FakeClock();
  const inbox = new MemoryInbox({ clock, broker: new MemoryBroker(), ...options });
  const store = (userId: string, id: string, { data = 'text', ...write }: Stored = {}) =>
    inbox.store(userId, { message: testMessage(id, data), ...write });
  const idsFor = (userId: string, deviceId = 'phone') =>
    inbox.unacknowledged(userId, deviceId, { afterOffset: 0, ...all }).entries.map(({ message }) => message.id);
  const deadIdsOf = (userId: string) => inbox.deadLetters(userId).map(({ message }) => message.id);
  return { clock, inbox, store, idsFor, deadIdsOf };
}

describe('the memory inbox', () => {
  it('tells the broker before it returns, and keeps what the broker does not take', () => {
    const heard: unknown[] = [];
    const broker = new MemoryBroker();
    const { store, idsFor } = setUp({ broker });
    store('ann', '1');
    broker.start(({ position }) => {
      heard.push(position?.offset);
      return { queued: 1, dropped: 0 };
    });
    broker.subscribe({ kind: 'user', userId: 'ann' });
    store('ann', '2');
    expect(heard).toEqual([2]);
    expect(idsFor('ann')).toEqual(['1', '2']);
  });

  it('keeps what a broker refuses later', async () => {
    const refusing: Broker = {
      start: () => undefined,
      publish: () => Promise.reject(new Error('gone')),
      subscribe: () => undefined,
      unsubscribe: () => undefined,
      close: () => undefined,
    };
    const { store, idsFor } = setUp({ broker: refusing });
    store('ann', '1');
    await new Promise(setImmediate);
    expect(idsFor('ann')).toEqual(['1']);
  });

  it('lets a message die when its time is up, the own one where it has one', async () => {
    const { clock, inbox, store, idsFor, deadIdsOf } = setUp();
    store('ann', 'long', { timeToLiveMs: 8 * day });
    store('ann', 'default');
    store('ann', 'short', { timeToLiveMs: day });
    const shortDiesAt = clock.now() + day;
    await clock.advance(day - 1);
    expect(idsFor('ann')).toEqual(['long', 'default', 'short']);
    await clock.advance(1);
    expect(idsFor('ann')).toEqual(['long', 'default']);
    await clock.advance(6 * day);
    expect(deadIdsOf('ann')).toEqual(['default', 'short']);
    expect(inbox.deadLetters('ann')[1]?.diedAt).toBe(shortDiesAt);
    expect(inbox.deadLetterCount).toBe(2);
    expect(idsFor('ann')).toEqual(['long']);
  });

  it('forgets a dead letter after a week', async () => {
    const { clock, store, deadIdsOf } = setUp();
    store('ann', '1', { timeToLiveMs: 1 });
    await clock.advance(7 * day);
    expect(deadIdsOf('ann')).toEqual(['1']);
    await clock.advance(1);
    expect(deadIdsOf('ann')).toEqual([]);
  });

  it('does not wait for a device that was not seen for a week', async () => {
    const { clock, inbox, store, idsFor } = setUp({ limits: { maxMessages: 10, timeToLiveMs: 100 * day } });
    idsFor('ann', 'old phone');
    store('ann', '1');
    store('ann', '2');
    await clock.advance(6 * day);
    inbox.acknowledge('ann', 'phone', ['1']);
    expect(inbox.acknowledge('ann', 'old phone', [])).toEqual([]);
    await clock.advance(6 * day);
    expect(idsFor('ann', 'phone')).toEqual(['2']);
    await clock.advance(1 * day);
    expect(inbox.size('ann')).toEqual({ messages: 1, deadLetters: 0 });
    store('ann', '3');
    await clock.advance(10 * day);
    expect(idsFor('ann', 'new phone')).toEqual(['2', '3']);
  });

  it('waits for the unnamed device for five minutes after it was seen, then leaves nothing of it', async () => {
    const { clock, inbox, store, idsFor } = setUp();
    const passUntilForgotten = async () => {
      await clock.advance(299_999);
      expect(inbox.size('ann')).toMatchObject({ messages: 1 });
      await clock.advance(1);
      expect(inbox.size('ann')).toMatchObject({ messages: 0 });
    };
    idsFor('ann', unnamedDevice);
    store('ann', '1');
    inbox.acknowledge('ann', 'phone', ['1']);
    await passUntilForgotten();
    expect(idsFor('ann', unnamedDevice)).toEqual([]);
    store('ann', '2');
    await clock.advance(200_000);
    inbox.acknowledge('ann', unnamedDevice, []);
    inbox.acknowledge('ann', 'phone', ['2']);
    await passUntilForgotten();
  });

  it('knows the latest thousand messages again that all devices have', () => {
    const { inbox, store } = setUp();
    const ids = Array.from({ length: 1_001 }, (_, index) => `m${String(index)}`);
    for (const id of ids) {
      store('ann', id);
      inbox.acknowledge('ann', 'phone', [id]);
    }
    expect(store('ann', 'm1')).toMatchObject({ status: 'repeated', position: { offset: 2 } });
    expect(store('ann', 'm0')).toMatchObject({ status: 'stored', position: { offset: 1_002 } });
  });

  it('holds all inboxes together to their bytes', () => {
    const { inbox, store, idsFor } = setUp({ maxBytes: 3_000 });
    store('ann', '1', { data: 'x'.repeat(1_800) });
    expect(() => store('bob', '2', { data: 'x'.repeat(1_800) })).toThrow(limitExceeded);
    inbox.acknowledge('ann', 'phone', ['1']);
    store('bob', '2', { data: 'x'.repeat(1_800) });
    expect(idsFor('bob')).toEqual(['2']);
  });

  it('gives up dead letters before it refuses a message', async () => {
    const { clock, store, deadIdsOf } = setUp({ maxBytes: 3_000 });
    store('ann', '1', { data: 'x'.repeat(1_800), timeToLiveMs: 1 });
    await clock.advance(1);
    expect(deadIdsOf('ann')).toEqual(['1']);
    store('bob', '2', { data: 'x'.repeat(1_800) });
    expect(deadIdsOf('ann')).toEqual([]);
    expect(() => store('bob', '3', { data: 'x'.repeat(1_800) })).toThrow(limitExceeded);
  });

  it('has the bytes of a dead letter again that was taken', async () => {
    const { clock, inbox, store, deadIdsOf } = setUp({ maxBytes: 6_000 });
    for (const userId of ['ann', 'bob']) {
      store(userId, '1', { data: 'x'.repeat(1_800), timeToLiveMs: 1 });
      await clock.advance(1);
      if (userId === 'ann') inbox.takeDeadLetter('ann', '1');
    }
    store('cid', '1', { data: 'x'.repeat(1_800) });
    expect(deadIdsOf('bob')).toEqual(['1']);
  });

  it('frees the bytes of users who never come, when their time is up', async () => {
    const { clock, store } = setUp({ maxBytes: 100_000 });
    for (let index = 0; index < 20; index += 1) store(`early ${index}`, '1', { data: 'x'.repeat(4_000) });
    await clock.advance(15 * day);
    for (let index = 0; index < 20; index += 1) store(`late ${index}`, '1', { data: 'x'.repeat(4_000) });
  });

  it('gives the place of a user without messages to another, never of one with messages', () => {
    const { inbox, store, idsFor } = setUp({ maxUsers: 2 });
    store('ann', '1');
    idsFor('bob');
    store('cid', '1');
    expect(() => store('dan', '1')).toThrow(limitExceeded);
    expect(idsFor('dan')).toEqual([]);
    expect(inbox.acknowledge('dan', 'phone', ['1'])).toEqual([]);
    expect(inbox.acknowledgeUpTo('dan', 'phone', { offset: 0, epoch: '' })).toBe(false);
    expect(idsFor('ann')).toEqual(['1']);
  });
});
