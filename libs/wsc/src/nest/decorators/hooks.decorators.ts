import type { HubEventName } from '../../core/index.js';
import { marks } from './marks.js';

/**
 * Marks a method that runs for each new connection, after the 101 and before its first message. Messages wait for it.
 * A throw or `false` refuses the connection. On a gateway it runs for the gateway's path, on any other provider for every path.
 * `@UseGuards` on the method runs earlier: before the 101, with the `Handshake` as client, and refuses with an HTTP answer.
 *
 * @example
 * ```ts
 * @UseGuards(JwtConnectGuard)
 * @OnConnect()
 * async hello(@ConnectedSocket() connection: Connection) { … }
 * ```
 */
export function OnConnect(): MethodDecorator {
  return marks.onConnect(true);
}

/**
 * Marks a method that runs once a connection is gone. `@MessageBody()` is the {@link DisconnectReason}.
 * An error in it is logged. On a gateway it runs for the gateway's path, on any other provider for every path.
 */
export function OnDisconnect(): MethodDecorator {
  return marks.onDisconnect(true);
}

/** Marks a method that gets the hub's events of that name, or all with `'*'`: later, in order, as {@link HubEvent}. */
export function OnWscEvent(name: HubEventName | '*'): MethodDecorator {
  return marks.onEvent(name);
}
