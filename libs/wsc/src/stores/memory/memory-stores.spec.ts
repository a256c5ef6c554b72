import { defaultInboxLimits } from '../../core/ports/inbox.js';
import { describeBroker } from '../../testing/contracts/broker.contract.js';
import { describeCluster } from '../../testing/contracts/cluster.contract.js';
import { describeInbox, inboxContractMaxMessages } from '../../testing/contracts/inbox.contract.js';
import { describePresence } from '../../testing/contracts/presence.contract.js';
import { testMessage } from '../../testing/contracts/test-message.js';
import { FakeClock } from '../../testing/fake-clock.js';
import { MemoryBroker } from './memory-broker.js';
import { MemoryCluster } from './memory-cluster.js';
import { MemoryInbox, type MemoryInboxOptions } from './memory-inbox.js';
import { MemoryPresence } from './memory-presence.js';

describeBroker('memory', () => [new MemoryBroker()]);
describePresence('memory', () => [new MemoryPresence()]);
describeCluster('memory', () => [new MemoryCluster({ nodeId: 'n1', instanceId: 'n1.0a1b2c3d', startedAt: 1 })]);
describeInbox('memory', () => {
  const limits = { ...defaultInboxLimits, maxMessages: inboxContractMaxMessages };
  return [new MemoryInbox({ clock: new FakeClock(), limits })];
});

describe('the memory broker', () => {
  it('delivers before it returns', () => {
    const broker = new MemoryBroker();
    const heard: string[] = [];
    broker.start(({ message }) => {
      heard.push(message.id);
      return { queued: 1, dropped: 0 };
    });
    expect(broker.publish({ destination: { kind: 'everyone' }, message: testMessage('1') })).toEqual({
      queued: 1,
      dropped: 0,
    });
    expect(heard).toEqual(['1']);
  });
});

describe('the memory inbox', () => {
  const day = 86_400_000;

  function setUp(options: Omit<MemoryInboxOptions, 'clock'> = {}) {
    const clock = new FakeClock();
    const inbox = new MemoryInbox({ clock, ...options });
    const idsFor = (userId: string, deviceId = 'phone') =>
      inbox.unacknowledged(userId, deviceId, 100).map(({ message }) => message.id);
    return { clock, inbox, idsFor };
  }
  const limitExceeded = expect.objectContaining({ error: 'WSC_LIMIT_EXCEEDED' });

  it('forgets a message when its time is up', async () => {
    const { clock, inbox, idsFor } = setUp();
    inbox.store('ann', testMessage('1'));
    await clock.advance(day);
    inbox.store('ann', testMessage('2'));
    await clock.advance(6 * day - 1);
    expect(idsFor('ann')).toEqual(['1', '2']);
    await clock.advance(1);
    expect(idsFor('ann')).toEqual(['2']);
  });

  it('does not wait for a device that was not seen for a week', async () => {
    const { clock, inbox, idsFor } = setUp({ limits: { maxMessages: 10, timeToLiveMs: 100 * day } });
    idsFor('ann', 'old phone');
    inbox.store('ann', testMessage('1'));
    inbox.store('ann', testMessage('2'));
    await clock.advance(6 * day);
    inbox.acknowledge('ann', 'phone', ['1']);
    expect(inbox.acknowledge('ann', 'old phone', [])).toBe(0);
    await clock.advance(6 * day);
    expect(idsFor('ann', 'phone')).toEqual(['2']);
    await clock.advance(1 * day);
    expect(inbox.store('ann', testMessage('1')).offset).toBe(3);
    await clock.advance(10 * day);
    expect(idsFor('ann', 'new phone')).toEqual(['2', '1']);
  });

  it('waits for ten devices of a user at most', () => {
    const { inbox, idsFor } = setUp();
    inbox.store('ann', testMessage('1'));
    for (let index = 0; index < 11; index += 1) idsFor('ann', `device ${index}`);
    for (let index = 1; index < 11; index += 1) inbox.acknowledge('ann', `device ${index}`, ['1']);
    expect(idsFor('ann', 'device 0')).toEqual([]);
  });

  it('holds all inboxes together to their bytes', () => {
    const { inbox, idsFor } = setUp({ maxBytes: 3_000 });
    inbox.store('ann', testMessage('1', 'x'.repeat(1_800)));
    expect(() => inbox.store('bob', testMessage('2', 'x'.repeat(1_800)))).toThrow(limitExceeded);
    expect(() => inbox.store('bob', testMessage('3', 1n))).toThrow(limitExceeded);
    inbox.acknowledge('ann', 'phone', ['1']);
    inbox.store('bob', testMessage('2', 'x'.repeat(1_800)));
    expect(idsFor('bob')).toEqual(['2']);
  });

  it('frees the bytes of users who never come, when their time is up', async () => {
    const { clock, inbox } = setUp({ maxBytes: 100_000 });
    for (let index = 0; index < 20; index += 1) inbox.store(`early ${index}`, testMessage('1', 'x'.repeat(4_000)));
    await clock.advance(8 * day);
    const storeLate = (index: number) => inbox.store(`late ${index}`, testMessage('1', 'x'.repeat(4_000)));
    for (let index = 0; index < 20; index += 1) expect(() => storeLate(index)).not.toThrow();
  });

  it('gives the place of a user without messages to another, never of one with messages', () => {
    const { inbox, idsFor } = setUp({ maxUsers: 2 });
    inbox.store('ann', testMessage('1'));
    idsFor('bob');
    inbox.store('cid', testMessage('1'));
    expect(() => inbox.store('dan', testMessage('1'))).toThrow(limitExceeded);
    expect(idsFor('dan')).toEqual([]);
    expect(inbox.acknowledge('dan', 'phone', ['1'])).toBe(0);
    expect(idsFor('ann')).toEqual(['1']);
  });
});
