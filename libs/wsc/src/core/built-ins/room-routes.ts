import type { Route } from '../inbound/route-table.js';
import type { Sender } from '../messages/sender.js';
import type { Membership } from '../rooms/membership.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RoomAccess } from '../rooms/room-access.js';
import type { Role } from '../rooms/room.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import { idempotencyKeyOf } from '../inbound/run-once.js';
import type { Recovery } from '../streams/recovery.js';
import { parseFields, parsePosition, parseRoom } from './parse-data.js';
import { startAnswer } from './resume-route.js';
import { senderOf } from './sender-of.js';

/** What {@link roomRoutes} and {@link roomMessageRoute} need. */
export interface RoomRouteDependencies {
  readonly access: RoomAccess;
  readonly namespaces: NamespaceTable;
  readonly membership: Membership;
  readonly rooms: RoomRegistry;
  readonly sender: Sender;
  readonly recovery: Recovery;
}

/** `join_room`, `leave_room`, `subscribe`, `unsubscribe` (PROTOCOL.md §4). */
export function roomRoutes(deps: RoomRouteDependencies): readonly Route[] {
  const enter =
    (role: Role): Route['handler'] =>
    async (data, context) => {
      const { connection } = context;
      const room = parseRoom(data);
      const since = parsePosition(data, 'recover');
      await deps.access.requireJoin(connection, room);
      const start = await deps.membership.joinFrom(connection, room, { role, since });
      deps.access.joinedByClient(connection, room);
      // What was missed comes behind the answer that says so.
      context.afterAnswer(() => deps.recovery.release(connection, room, start));
      return { room, members: deps.rooms.get(room)?.memberCount ?? 0, ...startAnswer(start, since) };
    };
  const exit: Route['handler'] = async (data, { connection }) => {
    const room = parseRoom(data);
    await deps.membership.leave(connection, room);
    deps.access.leftByClient(connection, room);
    return { room };
  };
  return [
    { event: 'join_room', handler: enter('member') },
    { event: 'subscribe', handler: enter('subscriber') },
    { event: 'leave_room', handler: exit },
    { event: 'unsubscribe', handler: exit },
  ].map((route) => ({ ...route, isExclusive: true, isBuiltIn: true, isConnectionBound: true }));
}

/** `room_message` (PROTOCOL.md §4): to the members, the sending connection excluded unless it asks for an echo. */
export function roomMessageRoute(deps: RoomRouteDependencies): Route {
  return {
    event: 'room_message',
    isBuiltIn: true,
    // However long a policy takes, what one client sends keeps its order.
    isExclusive: true,
    // What is stored is so once per id; what is not might be heard twice.
    isRepeatable: ({ data }) => deps.namespaces.of(parseRoom(data))?.history !== undefined,
    handler: async (data, context) => {
      const { connection } = context;
      const room = parseRoom(data);
      const fields = parseFields(data);
      await deps.access.requirePublish(connection, room);
      const except = fields['echo'] === true ? {} : { exceptConnectionId: connection.id };
      const { id, offset, epoch } = await deps.sender.toRoom(
        room,
        { event: 'room_message', data: fields['data'], ...senderOf(connection) },
        { ...except, onceKey: idempotencyKeyOf(context) },
      );
      return { id, ...(offset !== undefined && { offset, epoch }) };
    },
  };
}
