import { MemoryBroker } from '../../stores/memory/memory-broker.js';
import { MemoryInbox } from '../../stores/memory/memory-inbox.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { TestHub } from '../../testing/test-hub.js';
import type { MessageNote, MessageRecords } from '../ports/message-records.js';

const phone = { userId: 'ann', deviceId: 'phone' };
const invoice = { event: 'invoice', data: 7, id: 'inv-7' };
const week = 604_800_000;

async function start(maxMessages = 1_000, records?: MessageRecords) {
  const broker = new MemoryBroker();
  const clock = new FakeClock();
  const inbox = new MemoryInbox({ clock, broker, limits: { maxMessages, timeToLiveMs: week } });
  const test = await TestHub.start({ dependencies: { broker, inbox, ...(records && { records }) } });
  const recordOf = (id = invoice.id) => test.hub.inboxes.record('ann', id);
  const keep = (message = invoice) => test.hub.sendToUser('ann', message, { durable: true });
  // Both clocks: the inbox' own one does not run the timers of the hub.
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await test.clock.advance(ms);
  };
  return { test, hub: test.hub, recordOf, keep, pass, [Symbol.asyncDispose]: () => test[Symbol.asyncDispose]() };
}

describe('the record of a durable message', () => {
  it('says that it is queued, sent, and which device was the first to acknowledge it', async () => {
    await using parts = await start();
    const { test, recordOf, keep } = parts;
    await keep();
    const queuedAt = test.clock.now();
    expect(await recordOf()).toEqual({ id: 'inv-7', userId: 'ann', status: 'queued', queuedAt, changedAt: queuedAt });
    const client = await test.connect(phone);
    expect(await recordOf()).toMatchObject({ status: 'sent', queuedAt });
    await client.send({ type: 'ack', ids: ['inv-7'] });
    expect(await recordOf()).toMatchObject({ status: 'acked', deviceId: 'phone', queuedAt });
    expect(test.hub.stats()).toMatchObject({ storedMessages: 1, redelivered: 0, acknowledgedMessages: 1 });
  });

  it('says that it has expired, and a retry sends it anew', async () => {
    await using parts = await start();
    const { hub, recordOf, keep, pass } = parts;
    await keep();
    expect(hub.stats()).toMatchObject({ deadLetters: 0 });
    await pass(week + 1);
    expect(await recordOf()).toMatchObject({ status: 'expired' });
    expect(hub.stats()).toMatchObject({ deadLetters: 1, acknowledgedMessages: 0 });
    const sent = await hub.inboxes.retry('ann', 'inv-7');
    expect(sent).toMatchObject({ id: expect.stringMatching(/^again\.[\w-]{43}$/), offset: 2 });
    const againId = String(sent?.id);
    expect(await recordOf(againId)).toMatchObject({ status: 'queued' });
    expect(await recordOf()).toMatchObject({ status: 'expired', reason: `Sent again as ${againId}` });
    expect(await hub.inboxes.retry('ann', 'inv-7')).toBeUndefined();
  });

  it('is of each message that expired, however alike their ids are', async () => {
    await using parts = await start();
    const { hub, keep, pass } = parts;
    const ids = ['1', '2'].map((end) => end.padStart(64, 'x'));
    for (const id of ids) await keep({ ...invoice, id });
    await pass(week + 1);
    const again = await Promise.all(ids.map((id) => hub.inboxes.retry('ann', id)));
    expect(new Set(again.map((sent) => sent?.id)).size).toBe(2);
    expect(await hub.inboxes.size('ann')).toEqual({ messages: 2, deadLetters: 0 });
  });

  it('is of each message that expired, though they had the same id, and the first was received after its retry', async () => {
    await using parts = await start();
    const { test, hub, keep, pass } = parts;
    for (const count of [1, 2]) {
      await keep();
      await pass(week + 1);
      expect((await hub.inboxes.resendDeadLetter('ann', 'inv-7'))?.isRepeat).toBeUndefined();
      expect(await hub.inboxes.size('ann')).toEqual({ messages: 1, deadLetters: 0 });
      const client = await test.connect(phone);
      expect(client.messages).toHaveLength(1);
      await client.send({ type: 'ack', ids: client.messages.map(({ id }) => id) });
      await client.disconnect();
      expect(test.hub.stats()).toMatchObject({ acknowledgedMessages: count });
    }
  });

  it('does not take for expired what a device has, though it has told so by its position only', async () => {
    await using parts = await start();
    const { test, recordOf, keep, pass } = parts;
    const client = await test.connect({ ...phone, protocols: ['wsc.v1.json', 'resume.v1'] });
    const { offset, epoch } = await keep();
    await client.request('resume', { session: '', inbox: { offset, epoch }, rooms: {} });
    await client.disconnect();
    await pass(week + 1);
    expect(await recordOf()).toMatchObject({ status: 'acked' });
  });

  it('says why the inbox did not take it, and a retry sends it under its id once there is room', async () => {
    await using parts = await start(1);
    const { test, hub, recordOf, keep } = parts;
    await keep({ ...invoice, id: 'first' });
    await expect(keep()).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    expect(await recordOf()).toMatchObject({ status: 'failed', reason: expect.stringContaining('WSC_LIMIT_EXCEEDED') });
    await expect(hub.inboxes.retry('ann', 'inv-7')).rejects.toMatchObject({ error: 'WSC_LIMIT_EXCEEDED' });
    const client = await test.connect(phone);
    await client.send({ type: 'ack', ids: ['first'] });
    expect(await hub.inboxes.retry('ann', 'inv-7')).toMatchObject({ id: 'inv-7', offset: 2 });
    await test.settle();
    expect(client.messages.at(-1)).toMatchObject({ id: 'inv-7', data: 7 });
    expect(await recordOf()).toMatchObject({ status: 'sent' });
    expect(await hub.inboxes.retry('ann', 'inv-7')).toBeUndefined();
  });

  it('is not made, and not looked at, for a client that acknowledges anything', async () => {
    const noted: string[] = [];
    const note = (_: string, notes: readonly MessageNote[]) => void noted.push(...notes.map(({ id }) => id));
    const nothing = () => undefined;
    await using parts = await start(1_000, { note, get: nothing, failedMessage: nothing, close: nothing });
    const { test, hub, keep } = parts;
    await keep();
    const client = await test.connect(phone);
    noted.length = 0;
    await client.send({
      type: 'ack',
      ids: ['inv-7', ...Array.from({ length: 99 }, (_, index) => `m${String(index)}`)],
    });
    expect(noted).toEqual(['inv-7']);
    expect(hub.stats()).toMatchObject({ acknowledgedMessages: 1, ignoredAcks: 99 });
  });

  it('counts what comes again', async () => {
    await using parts = await start();
    const { test, keep } = parts;
    const client = await test.connect(phone);
    await keep();
    await test.clock.advance(12_500);
    expect(client.messages).toHaveLength(2);
    expect(test.hub.stats()).toMatchObject({ redelivered: 1 });
  });

  it('is written also of what happened last before the hub ends', async () => {
    const noted: unknown[] = [];
    const note = (userId: string, notes: readonly MessageNote[]) =>
      void noted.push(...notes.map(({ id, status }) => [userId, id, status]));
    const nothing = () => undefined;
    {
      await using parts = await start(1_000, { note, get: nothing, failedMessage: nothing, close: nothing });
      await parts.keep();
      void parts.hub.sendToUserWithAck('ann', { ...invoice, id: 'open' });
    }
    expect(noted).toEqual([
      ['ann', 'inv-7', 'queued'],
      ['ann', 'open', 'queued'],
      ['ann', 'open', 'failed'],
    ]);
  });

  it('costs the send nothing where it can not be written', async () => {
    const broken = () => {
      throw new Error('away');
    };
    const records: MessageRecords = { note: broken, get: broken, failedMessage: broken, close: () => undefined };
    await using parts = await start(1_000, records);
    const { test, keep } = parts;
    expect(await keep()).toMatchObject({ offset: 1 });
    await test.settle();
    expect(test.logger.messages('debug')).toContain('What became of messages could not be noted.');
  });
});

describe('the record of an acked send', () => {
  it('says how it ended', async () => {
    await using parts = await start();
    const { test, hub, recordOf } = parts;
    const failed = await hub.sendToUserWithAck('ann', invoice);
    expect(failed).toMatchObject({ status: 'failed' });
    expect(await recordOf()).toMatchObject({ status: 'failed', attempts: 1, reason: 'The user is not connected.' });
    const client = await test.connect(phone);
    await client.send({ type: 'ack', ids: [invoice.id] });
    expect(await recordOf()).toMatchObject({ status: 'failed' });
    const [acked, late] = ['acked', 'late'].map((id) => hub.sendToUserWithAck('ann', { ...invoice, id }));
    expect(await recordOf('acked')).toMatchObject({ status: 'queued' });
    await client.send({ type: 'ack', ids: ['acked'] });
    await acked;
    expect(await recordOf('acked')).toMatchObject({ status: 'acked', deviceId: 'phone', attempts: 1 });
    await test.clock.advance(5_000);
    expect(await late).toMatchObject({ status: 'unknown' });
    expect(await recordOf('late')).toMatchObject({ status: 'sent', reason: 'Nobody acknowledged it in time.' });
    await client.send({ type: 'ack', ids: ['late'] });
    expect(await recordOf('late')).toMatchObject({ status: 'acked', deviceId: 'phone' });
  });

  it('keeps what failed, and a retry keeps it for the user', async () => {
    await using parts = await start();
    const { test, hub } = parts;
    await hub.sendToUserWithAck('ann', { ...invoice, from: 'bob', fromName: 'Bob' });
    expect(await hub.inboxes.retry('ann', 'inv-7')).toMatchObject({ id: 'inv-7', offset: 1 });
    const client = await test.connect(phone);
    expect(client.messages).toMatchObject([{ id: 'inv-7', data: 7, from: 'bob', fromName: 'Bob' }]);
  });

  it('is none of a send that asks for nothing', async () => {
    await using parts = await start();
    const { hub, recordOf } = parts;
    await hub.sendToUser('ann', invoice);
    expect(await recordOf()).toBeUndefined();
  });
});
