import type { Route } from '../inbound/route-table.js';
import type { Presence, RoomUser } from '../ports/presence.js';
import type { RoomAccess } from '../rooms/room-access.js';
import { parseRoom } from './parse-data.js';

/** What {@link presenceRoute} needs. */
export interface PresenceRouteDependencies {
  readonly access: RoomAccess;
  readonly presence: Presence;
}

/** `presence` (PROTOCOL.md §4): who is in a room. */
export function presenceRoute(deps: PresenceRouteDependencies): Route {
  return {
    event: 'presence',
    isBuiltIn: true,
    handler: async (data, { connection }) => {
      const room = parseRoom(data);
      await deps.access.requirePresence(connection, room);
      const users = await deps.presence.roomUsers(room);
      return { users: users.map(toWire), count: users.length };
    },
  };
}

function toWire({ userId, devices, since }: RoomUser): {
  readonly user_id: string;
  readonly devices: number;
  readonly since: number;
} {
  return { user_id: userId, devices, since };
}
