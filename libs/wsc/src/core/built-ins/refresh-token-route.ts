import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { Principal } from '../connect/principal.js';
import { isRevoked } from '../connect/revocation.js';
import { isAllowedUserType } from '../connect/user-type.js';
import { ClosingError } from '../inbound/closing-error.js';
import type { Route } from '../inbound/route-table.js';
import type { Authenticator, RevocationList } from '../ports/access.js';
import type { Membership } from '../rooms/membership.js';
import type { RoomAccess } from '../rooms/room-access.js';
import type { SessionKeeper } from '../sessions/session-keeper.js';
import type { TokenExpiry } from '../connections/token-expiry.js';
import { parseFields } from './parse-data.js';

/** What {@link refreshTokenRoute} needs. */
export interface RefreshTokenDependencies {
  readonly authenticator?: Authenticator | undefined;
  readonly revocations?: RevocationList | undefined;
  readonly userTypes: () => readonly string[];
  readonly expiry: TokenExpiry;
  readonly access: RoomAccess;
  readonly membership: Membership;
  readonly keeper: SessionKeeper;
}

/**
 * `refresh_token` (PROTOCOL.md §4): the connection lives on with the new claims. A token that can't be read is refused; one of
 * somebody else, of a user type that isn't allowed, or revoked, ends the connection with 4501.
 */
export function refreshTokenRoute(deps: RefreshTokenDependencies): Route {
  return {
    event: 'refresh_token',
    isBuiltIn: true,
    isExclusive: true,
    isConnectionBound: true,
    handler: async (data, { connection }) => {
      const token = parseFields(data)['token'];
      if (typeof token !== 'string')
        throw new WscError('WSC_VALIDATION_FAILED', { details: { token: ['must be a string'] } });
      if (deps.authenticator === undefined || connection.userId === undefined) throw new WscError('WSC_FORBIDDEN');
      const principal = await deps.authenticator.verify(token);
      if (!(await isAcceptable(deps, connection, principal)))
        throw new ClosingError('WSC_UNAUTHORIZED', 'unauthorized');
      // It may have gone meanwhile; nobody would end the watch then.
      if (connection.isClosed) throw new WscError('WSC_UNAVAILABLE');
      deps.expiry.renew(connection, principal);
      deps.keeper.changed(connection);
      // Whoever revoked it while the list was asked closed the connections that had it; this one had not yet.
      if (await isRevoked(deps.revocations, principal)) throw new ClosingError('WSC_UNAUTHORIZED', 'unauthorized');
      await authorizeRoomsAgain(deps, connection);
      return { expires_at: principal.expiresAt ?? null };
    },
  };
}

async function isAcceptable(
  deps: RefreshTokenDependencies,
  connection: Connection,
  principal: Principal,
): Promise<boolean> {
  if (principal.userId !== connection.userId || !isAllowedUserType(principal, deps.userTypes())) return false;
  return !(await isRevoked(deps.revocations, principal));
}

/** New claims may open fewer rooms. Rooms that the application has put the connection into are its own business. */
async function authorizeRoomsAgain(deps: RefreshTokenDependencies, connection: Connection): Promise<void> {
  for (const room of deps.access.roomsJoinedByClient(connection)) {
    if (await deps.access.mayJoin(connection, room)) continue;
    await deps.membership.leave(connection, room);
    deps.access.leftByClient(connection, room);
    connection.send('room_closed', { room, reason: 'forbidden' });
  }
}
