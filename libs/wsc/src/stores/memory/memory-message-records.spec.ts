import { SystemClock } from '../../system/system-clock.js';
import { describeMessageRecords } from '../../testing/contracts/message-records.contract.js';
import { testMessage } from '../../testing/contracts/test-message.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryMessageRecords } from './memory-message-records.js';

describeMessageRecords('memory', () => {
  const records = new MemoryMessageRecords({ clock: new SystemClock() });
  return [records, records];
});

const week = 604_800_000;

describe('message records in memory', () => {
  it('forget a week after the last note, or after the time of the message', async () => {
    const clock = new FakeClock();
    const records = new MemoryMessageRecords({ clock });
    records.note('ann', [
      { id: 'short', status: 'sent', at: clock.now() },
      { id: 'long', status: 'queued', at: clock.now(), expiresAt: clock.now() + week },
    ]);
    await clock.advance(week);
    expect(records.get('ann', 'short')).toBeUndefined();
    expect(records.get('ann', 'long')).toMatchObject({ status: 'expired' });
    await clock.advance(week);
    expect(records.get('ann', 'long')).toBeUndefined();
  });

  it('forget the oldest over their bounds', () => {
    const clock = new FakeClock();
    const records = new MemoryMessageRecords({ clock, maxRecords: 2, maxBytes: 3_000 });
    const fail = (id: string) =>
      records.note('ann', [{ id, status: 'failed', at: clock.now(), message: testMessage(id, 'x'.repeat(1_600)) }]);
    for (const id of ['1', '2', '3']) fail(id);
    expect(['1', '2', '3'].map((id) => records.get('ann', id)?.status)).toEqual([undefined, 'failed', 'failed']);
    expect(['2', '3'].map((id) => records.failedMessage('ann', id)?.id)).toEqual([undefined, '3']);
  });
});
