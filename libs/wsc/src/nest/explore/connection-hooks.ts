import type { Connection, DisconnectReason, Hub, MaybePromise } from '../../core/index.js';
import { marks } from '../decorators/marks.js';
import { mapErrors } from '../errors/map-errors.js';
import type { MethodBinder } from '../handlers/method-binder.js';
import type { RequestScopes } from '../handlers/request-scopes.js';
import { methodOf } from '../nest-container.js';
import { declaredMethod, markedMethods, type Gateway, type Host } from './gateway.js';
import type { HandshakeMemory } from './handshake-memory.js';
import { patterns } from './patterns.js';

export interface ConnectionHookTools {
  readonly hub: Hub;
  readonly binder: MethodBinder;
  readonly scopes: RequestScopes;
  readonly handshakes: HandshakeMemory;
}

/** Registers `@OnConnect` and `@OnDisconnect` methods. */
export function registerConnectionHooks(tools: ConnectionHookTools, host: Host): void {
  const { hub, binder } = tools;
  const bind = (name: string) => binder.bind(host.wrapper, name, { guards: false, interceptors: true });
  for (const name of markedMethods(host, marks.onConnect)) {
    const run = bind(name);
    onConnect(hub, host, (connection) => run(connection, [connection, undefined, undefined, patterns.connect]));
  }
  for (const name of markedMethods(host, marks.onDisconnect)) {
    const run = bind(name);
    onDisconnect(hub, host, (connection, reason) =>
      run(connection, [connection, reason, undefined, patterns.disconnect]),
    );
  }
}

/**
 * Registers `handleConnection` and `handleDisconnect` of a gateway written for the stock adapter. Unlike there, messages wait for
 * the first, and a failure refuses the connection instead of ending the process.
 */
export function registerStockHooks({ hub, scopes, handshakes }: ConnectionHookTools, gateway: Gateway): void {
  const call = async (name: string, connection: Connection, argument: unknown): Promise<unknown> => {
    const instance = await scopes.resolve(gateway.wrapper, connection);
    const method = methodOf(instance, name);
    const result: unknown = method?.call(instance, connection, argument);
    return result;
  };
  if (declaredMethod(gateway, 'handleConnection') !== undefined) {
    handshakes.remember(gateway.path);
    onConnect(hub, gateway, (connection) => call('handleConnection', connection, handshakes.requestOf(connection)));
  }
  if (declaredMethod(gateway, 'handleDisconnect') !== undefined) {
    onDisconnect(hub, gateway, (connection, reason) => call('handleDisconnect', connection, reason));
  }
}

function onConnect(hub: Hub, host: Host, run: (connection: Connection) => MaybePromise<unknown>): void {
  const call = mapErrors(run);
  hub.hooks.onConnect((connection) => (isFor(host, connection) ? call(connection) : undefined));
}

function onDisconnect(
  hub: Hub,
  host: Host,
  run: (connection: Connection, reason: DisconnectReason) => MaybePromise<unknown>,
): void {
  hub.hooks.onDisconnect((connection, reason) => (isFor(host, connection) ? run(connection, reason) : undefined));
}

function isFor(host: Host, connection: Connection): boolean {
  return host.path === undefined || host.path === connection.path;
}
