import type { BuiltInOptions } from '../hub-options.js';
import type { Route } from '../inbound/route-table.js';
import { chatRoute, type AuthorizeChat } from './chat-route.js';
import { historyRoute, type HistoryRouteDependencies } from './history-route.js';
import { resumeRoute } from './resume-route.js';
import type { Resumption } from '../sessions/resumption.js';
import { presenceRoute, type PresenceRouteDependencies } from './presence-route.js';
import { refreshTokenRoute, type RefreshTokenDependencies } from './refresh-token-route.js';
import { roomMessageRoute, roomRoutes, type RoomRouteDependencies } from './room-routes.js';

/** What {@link builtInRoutes} needs. */
export interface BuiltInDependencies
  extends RoomRouteDependencies, PresenceRouteDependencies, RefreshTokenDependencies, HistoryRouteDependencies {
  readonly enabled: BuiltInOptions;
  readonly resumption: Resumption;
  readonly authorizeChat: () => AuthorizeChat | undefined;
}

/** The built-in events (PROTOCOL.md §4) that are switched on. */
export function builtInRoutes(deps: BuiltInDependencies): readonly Route[] {
  const { enabled } = deps;
  return [
    ...(enabled.rooms ? roomRoutes(deps) : []),
    ...(enabled.roomMessage ? [roomMessageRoute(deps)] : []),
    ...(enabled.chat ? [chatRoute({ sender: deps.sender, authorize: deps.authorizeChat })] : []),
    ...(enabled.presence ? [presenceRoute(deps)] : []),
    ...(enabled.history ? [historyRoute(deps)] : []),
    ...(enabled.resume ? [resumeRoute(deps)] : []),
    ...(enabled.refreshToken ? [refreshTokenRoute(deps)] : []),
  ];
}
