import type { StreamsNode } from '../../../testing/contracts/streams.contract.js';
import { RedisBroker } from '../broker/redis-broker.js';
import type { RedisConnections } from '../redis-connections.js';
import type { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisStreams } from './redis-streams.js';

/** A node with the streams under test. */
export interface RedisStreamsNode extends StreamsNode {
  readonly streams: RedisStreams;
  readonly broker: RedisBroker;
  readonly connections: RedisConnections;
}

/** The nodes' connections are closed with `nodes`. */
export async function openStreams(nodes: RedisNodes): Promise<RedisStreamsNode> {
  const { connections, clock, logger, cluster } = await nodes.open();
  const broker = new RedisBroker({ connections, clock, logger, instanceId: () => cluster.self.instanceId });
  const streams = new RedisStreams({ connections });
  const close = async (): Promise<void> => {
    streams.close();
    await broker.close();
  };
  return { streams, broker, connections, close };
}
