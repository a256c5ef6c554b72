import { GATEWAY_SERVER_METADATA } from '@nestjs/websockets/internal';
import type { Hub } from '../../core/index.js';
import type { RequestScopes } from '../handlers/request-scopes.js';
import type { HubService } from '../hub.service.js';
import type { Gateway } from './gateway.js';

export interface ServerTools {
  readonly hub: Hub;
  readonly scopes: RequestScopes;
}

/**
 * Sets `@WebSocketServer()` properties to the {@link HubService}. Nest does so too where it registers gateways, but not in an
 * application context, and not for the instances of a request-scoped gateway.
 */
export function assignServer({ hub, scopes }: ServerTools, gateway: Gateway, server: HubService): void {
  const names = serverProperties(gateway.wrapper.instance);
  if (names.length === 0) return;
  const assign = (instance: unknown): void => {
    if (typeof instance === 'object' && instance !== null)
      for (const name of names) Reflect.set(instance, name, server);
  };
  if (scopes.isStatic(gateway.wrapper)) {
    assign(gateway.wrapper.instance);
    return;
  }
  hub.hooks.onConnect(async (connection) => {
    if (connection.path === gateway.path) assign(await scopes.resolve(gateway.wrapper, connection));
  });
}

function serverProperties(instance: unknown): readonly string[] {
  if (typeof instance !== 'object' || instance === null) return [];
  const names: string[] = [];
  // The decorator puts the property on the prototype, so inherited ones count.
  for (const name in instance) if (Reflect.hasMetadata(GATEWAY_SERVER_METADATA, instance, name)) names.push(name);
  return names;
}
