import type { ExpiredUser, PresenceEntry } from '../../../core/ports/presence.js';
import type { RedisClusterOptions } from '../cluster/redis-cluster.js';
import type { RedisNode, RedisNodes } from '../redis-nodes.fixture.js';
import { RedisPresence, type RedisPresenceOptions } from './redis-presence.js';

/** A node with presence, and what it has heard of dead ones. */
export interface PresenceNode extends Pick<RedisNode, 'cluster' | 'clock' | 'connections' | 'kill' | 'logger'> {
  readonly presence: RedisPresence;
  readonly gone: readonly ExpiredUser[];
}

/** Starts a node. */
export async function startPresence(
  nodes: RedisNodes,
  options: Partial<RedisClusterOptions> = {},
  presenceOptions: RedisPresenceOptions = {},
): Promise<PresenceNode> {
  const node = await nodes.start(options);
  const { cluster, clock, connections, logger } = node;
  const presence = new RedisPresence(presenceOptions, { connections, instances: cluster, clock, logger });
  const gone: ExpiredUser[] = [];
  presence.start((user) => gone.push({ ...user, rooms: [...user.rooms].sort() }));
  nodes.onClose(async () => {
    clock.resume();
    await presence.close();
  });
  return { cluster, clock, connections, logger, presence, gone, kill: () => node.kill() };
}

/** A connection that `userId` has with `deviceId`. */
export function entry(userId: string, deviceId = 'phone', connection = ''): PresenceEntry {
  return { connectionId: `${userId}/${deviceId}/${connection}`, userId, deviceId, nodeId: 'n1', since: 1_000 };
}
