import { defaultInboxLimits } from '../../core/ports/inbox.js';
import { SystemClock } from '../../system/system-clock.js';
import { describeBroker } from '../../testing/contracts/broker.contract.js';
import { describeCluster } from '../../testing/contracts/cluster.contract.js';
import { describeInbox, inboxContractMaxMessages } from '../../testing/contracts/inbox.contract.js';
import { describePresence } from '../../testing/contracts/presence.contract.js';
import { testMessage } from '../../testing/contracts/test-message.js';
import { MemoryBroker } from './memory-broker.js';
import { MemoryCluster } from './memory-cluster.js';
import { MemoryInbox } from './memory-inbox.js';
import { MemoryPresence } from './memory-presence.js';

describeBroker('memory', () => [new MemoryBroker()]);
describePresence('memory', () => [new MemoryPresence()]);
describeCluster('memory', () => [new MemoryCluster({ nodeId: 'n1', instanceId: 'n1.0a1b2c3d', startedAt: 1 })]);
describeInbox('memory', () => {
  const limits = { ...defaultInboxLimits, maxMessages: inboxContractMaxMessages };
  const broker = new MemoryBroker();
  const inbox = new MemoryInbox({ clock: new SystemClock(), broker, limits });
  const close = (): void => {
    inbox.close();
    broker.close();
  };
  return [{ inbox, broker, close }];
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
