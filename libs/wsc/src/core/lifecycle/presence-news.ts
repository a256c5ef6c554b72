import type { ConnectionRegistry } from '../connections/connection-registry.js';
import type { EventBus } from '../extensions/events.js';
import type { ExpiredUser, PresenceListener } from '../ports/presence.js';
import { identityOf, type Membership } from '../rooms/membership.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { UserStatus } from '../rooms/user-status.js';

/** What {@link PresenceNews} works with. */
export interface PresenceNewsDependencies {
  readonly connections: ConnectionRegistry;
  readonly events: EventBus;
  readonly membership: Membership;
  readonly namespaces: NamespaceTable;
  readonly userStatus: UserStatus;
}

/** Tells events and rooms of users who came or went without a connection that opened or closed here. */
export class PresenceNews implements PresenceListener {
  readonly #deps: PresenceNewsDependencies;

  constructor(dependencies: PresenceNewsDependencies) {
    this.#deps = dependencies;
  }

  /** Another node died, and with it connections of a user: tells what nobody else will. */
  expired({ userId, isLast, rooms }: ExpiredUser): void {
    const { events, membership, userStatus, namespaces } = this.#deps;
    for (const room of rooms) membership.expired(userId, room);
    if (!isLast) return;
    events.emit('user.offline', { userId });
    userStatus.wentOffline(
      userId,
      rooms.filter((room) => namespaces.of(room)?.presence === true),
    );
  }

  /** A user of this node was told to be gone and was not, or came while nobody could be told. */
  returned(userId: string): void {
    const { connections, events, userStatus } = this.#deps;
    const [connection] = connections.ofUser(userId);
    if (connection === undefined) return;
    events.emit('user.online', identityOf(connection));
    userStatus.cameOnline(userId);
  }

  /** The same of a room. */
  returnedTo(room: string, userId: string, isReturn: boolean): void {
    const { connections, membership } = this.#deps;
    for (const connection of connections.ofUser(userId)) {
      if (!connection.isIn(room)) continue;
      membership.returned(connection, room, isReturn);
      return;
    }
  }
}
