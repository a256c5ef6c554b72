import type { ExpiredUser, PresenceEntry } from '../../../core/ports/presence.js';
import type { RedisClusterOptions } from '../cluster/redis-cluster.js';
import type { RedisNode, RedisNodes } from '../redis-nodes.fixture.js';
import { RedisPresence, type RedisPresenceOptions } from './redis-presence.js';

/** A node with presence, and what it has heard of dead ones and of its own users. */
export interface PresenceNode extends Pick<RedisNode, 'cluster' | 'clock' | 'connections' | 'kill' | 'logger'> {
  readonly presence: RedisPresence;
  readonly gone: readonly ExpiredUser[];
  /** Who was told as returned: the user, and the room. */
  readonly returned: readonly string[];
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
  const returned: string[] = [];
  presence.start({
    expired: (user) => gone.push({ ...user, rooms: [...user.rooms].sort() }),
    returned: (userId) => returned.push(userId),
    returnedTo: (room, userId, isReturn) => returned.push(`${userId} ${room}${isReturn ? ' in time' : ''}`),
  });
  nodes.onClose(async () => {
    clock.resume();
    await presence.close();
  });
  return { cluster, clock, connections, logger, presence, gone, returned, kill: () => node.kill() };
}

/** A connection that `userId` has with `deviceId`. */
export function entry(userId: string, deviceId = 'phone', connection = ''): PresenceEntry {
  return { connectionId: `${userId}/${deviceId}/${connection}`, userId, deviceId, nodeId: 'n1', since: 1_000 };
}
