import type { Route } from '../inbound/route-table.js';
import type { RoomAccess } from '../rooms/room-access.js';
import { parseFields, parseRoom } from './parse-data.js';

/** `history` (PROTOCOL.md §6.3). Rooms keep no messages yet, and the answer says so. */
export function historyRoute(deps: { readonly access: RoomAccess }): Route {
  return {
    event: 'history',
    isBuiltIn: true,
    handler: async (data, { connection }) => {
      await deps.access.requireHistory(connection, parseRoom(data));
      return { messages: [], complete: false, reason: 'disabled' };
    },
  };
}

/** `resume` (PROTOCOL.md §6.4). Sessions are not kept yet, and the answer says so: the client joins its rooms again. */
export function resumeRoute(): Route {
  return {
    event: 'resume',
    isBuiltIn: true,
    isExclusive: true,
    isConnectionBound: true,
    handler: (data) => {
      parseFields(data);
      return { resumed: false, reason: 'disabled', rooms: {}, inbox: { recovered: false, reason: 'disabled' } };
    },
  };
}
