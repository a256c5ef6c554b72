import assert from 'node:assert/strict';
import type { MessageNote, MessageRecords } from '../../core/ports/message-records.js';
import { describePort, type OpenNodes, type PortPromises } from './runner.js';
import { testMessage } from './test-message.js';

/** Declares what every {@link MessageRecords} promises. `open` makes empty ones. */
export function describeMessageRecords(name: string, open: OpenNodes<MessageRecords>): void {
  describePort(`the ${name} message records`, open, promises);
}

const promises: PortPromises<MessageRecords> = {
  'know nothing of what was never noted': async ({ here }) => {
    for (const id of ['m', '', '__proto__', '*']) assert.equal(await here.get('ann', id), undefined);
    assert.equal(await here.failedMessage('ann', 'm'), undefined);
  },

  'tell how far a message has come, and how': async ({ here, there }) => {
    const at = Date.now();
    await here.note('auth0|ann', [note('queued', { at })]);
    assert.deepEqual(await there.get('auth0|ann', 'm'), {
      ...{ id: 'm', userId: 'auth0|ann', status: 'queued' },
      ...{ queuedAt: at, changedAt: at },
    });
    await there.note('auth0|ann', [note('sent', { at: at + 1, reason: 'Nobody acknowledged it.', attempts: 2 })]);
    await here.note('auth0|ann', [note('acked', { at: at + 2, deviceId: 'phone' })]);
    assert.deepEqual(await there.get('auth0|ann', 'm'), {
      ...{ id: 'm', userId: 'auth0|ann', status: 'acked', deviceId: 'phone' },
      ...{ queuedAt: at, changedAt: at + 2 },
    });
  },

  'let the most that is known stand, in whichever order it is noted': async ({ here }) => {
    const [queuedAt, at] = [Date.now() - 10, Date.now()];
    await here.note('ann', [note('sent', { queuedAt }), note('queued', { expiresAt: at - 1 })]);
    assert.deepEqual(await status(here), 'expired');
    await here.note('ann', [note('acked', { deviceId: 'phone' }), note('acked', { deviceId: 'tablet' })]);
    await here.note('ann', [note('sent'), note('failed'), note('expired')]);
    const record = await here.get('ann', 'm');
    assert.deepEqual([record?.status, record?.deviceId, record?.queuedAt], ['acked', 'phone', queuedAt]);
  },

  'make no record of what only a client or the past speaks of': async ({ here }) => {
    await here.note('ann', [note('acked'), note('expired')]);
    assert.equal(await here.get('ann', 'm'), undefined);
  },

  'keep users apart': async ({ here }) => {
    await here.note('ann', [note('queued')]);
    assert.equal(await here.get('bob', 'm'), undefined);
  },

  'see by itself that the time of a message is up': async ({ here }) => {
    const expiresAt = Date.now() - 5;
    await here.note('ann', [note('queued', { at: expiresAt - 10, expiresAt })]);
    const record = await here.get('ann', 'm');
    assert.deepEqual([record?.status, record?.changedAt], ['expired', expiresAt]);
  },

  'keep the message of a failed one to be sent again, until it is': async ({ here, there }) => {
    const message = testMessage('m', { text: 'Grüße' });
    await here.note('ann', [note('failed', { reason: 'The user is not connected.', message })]);
    assert.deepEqual((await there.failedMessage('ann', 'm'))?.data, { text: 'Grüße' });
    await there.note('ann', [note('queued')]);
    assert.equal(await here.failedMessage('ann', 'm'), undefined);
    assert.equal((await here.get('ann', 'm'))?.reason, undefined);
  },

  'do not keep large messages, or what JSON can not write, and know what became of them': async ({ here }) => {
    for (const data of ['x'.repeat(70_000), 1n]) {
      await here.note('ann', [note('failed', { message: testMessage('m', data) })]);
      assert.equal(await here.failedMessage('ann', 'm'), undefined);
      assert.equal(await status(here), 'failed');
    }
  },

  'take many notes at once': async ({ here }) => {
    const ids = Array.from({ length: 250 }, (_, index) => `m ${String(index)}`);
    await here.note(
      'ann',
      ids.map((id) => note('queued', { id })),
    );
    for (const id of ids) assert.equal((await here.get('ann', id))?.status, 'queued');
  },
};

function note(of: MessageNote['status'], more: Partial<MessageNote> = {}): MessageNote {
  return { id: 'm', status: of, at: Date.now(), ...more };
}

async function status(records: MessageRecords): Promise<string | undefined> {
  return (await records.get('ann', 'm'))?.status;
}
