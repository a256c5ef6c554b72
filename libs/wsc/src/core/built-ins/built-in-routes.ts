import type { BuiltInOptions } from '../hub-options.js';
import type { Route } from '../inbound/route-table.js';
import { chatRoute, type AuthorizeChat } from './chat-route.js';
import { historyRoute, resumeRoute, type HistoryRouteDependencies } from './kept-routes.js';
import { presenceRoute, type PresenceRouteDependencies } from './presence-route.js';
import { refreshTokenRoute, type RefreshTokenDependencies } from './refresh-token-route.js';
import { roomMessageRoute, roomRoutes, type RoomRouteDependencies } from './room-routes.js';

/** What {@link builtInRoutes} needs. */
export interface BuiltInDependencies
  extends RoomRouteDependencies, PresenceRouteDependencies, RefreshTokenDependencies, HistoryRouteDependencies {
  readonly enabled: BuiltInOptions;
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
    ...(enabled.resume ? [resumeRoute()] : []),
    ...(enabled.refreshToken ? [refreshTokenRoute(deps)] : []),
  ];
}
