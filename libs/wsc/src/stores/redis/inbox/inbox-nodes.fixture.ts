import { until } from '../../../../../../test/support/until.js';
import type { InboxLimits } from '../../../core/ports/inbox.js';
import type { InboxNode } from '../../../testing/contracts/inbox.contract.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { RedisBroker } from '../broker/redis-broker.js';
import type { RedisConnections } from '../redis-connections.js';
import type { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisInbox } from './redis-inbox.js';

/** A node with an inbox. */
export interface RedisInboxNode extends InboxNode {
  readonly connections: RedisConnections;
  readonly inbox: RedisInbox;
  /** Stores a message; answers as the port does. */
  readonly store: (userId: string, id: string, data?: unknown) => ReturnType<RedisInbox['store']>;
  /** What a device has not acknowledged. */
  readonly idsFor: (userId: string, deviceId?: string) => Promise<readonly string[]>;
}

/** One of `nodes`, which close its connections. */
export async function openInbox(nodes: RedisNodes, limits?: InboxLimits): Promise<RedisInboxNode> {
  const { connections, clock, logger } = await nodes.open();
  // On a busy machine a Cluster may take longer than a node waits for it at its start.
  await until(
    () => connections.problem,
    (problem) => problem === undefined,
    { everyMs: 10 },
  );
  const inbox = new RedisInbox({ ...(limits && { limits }) }, { connections });
  const broker = new RedisBroker({ connections, clock, logger, instanceId: () => 'n1.0a1b2c3d' });
  return {
    connections,
    inbox,
    broker,
    store: async (userId, id, data = 'text') => inbox.store(userId, { message: testMessage(id, data) }),
    idsFor: async (userId, deviceId = 'phone') => {
      const page = await inbox.unacknowledged(userId, deviceId, {
        afterOffset: 0,
        maxMessages: 100,
        maxBytes: 1_000_000,
      });
      return page.entries.map(({ message }) => message.id);
    },
    close: async () => {
      inbox.close();
      await broker.close();
    },
  };
}
