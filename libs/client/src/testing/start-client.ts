import { WscClient } from '../client.js';
import type { ErrorContext } from '../error-reporter.js';
import type { WscClientOptions } from '../options.js';
import type { WscError } from '@nest-wsc/protocol';
import { Inbox } from './inbox.js';
import type { ScriptedConnection } from './scripted-connection.js';
import { ScriptedGateway } from './scripted-gateway.js';

/** A client whose errors are kept, and that comes back fast. */
export interface TestClient {
  readonly client: WscClient;
  readonly gateway: ScriptedGateway;
  readonly errors: Inbox<{ readonly error: WscError; readonly context: ErrorContext }>;
}

const open: AsyncDisposable[] = [];

/** Closes what the test has started; for `afterEach`. */
export async function closeAll(): Promise<void> {
  for (const resource of open.splice(0).reverse()) await resource[Symbol.asyncDispose]();
}

/** A gateway and a client that is not connected yet. */
export async function createTestClient(
  options: Partial<WscClientOptions> = {},
  gatewayOptions: { readonly welcomes?: boolean; readonly isAnonymous?: boolean } = {},
): Promise<TestClient> {
  const gateway = await ScriptedGateway.start(gatewayOptions);
  const client = new WscClient({
    url: gateway.url,
    ...options,
    reconnect: { baseMs: 5, capMs: 10, ...options.reconnect },
  });
  const errors: TestClient['errors'] = new Inbox();
  client.onError((error, context) => errors.push({ error, context }));
  open.push(gateway, client);
  return { client, gateway, errors };
}

/** A client with an open connection. */
export async function startClient(
  options: Partial<WscClientOptions> = {},
  gatewayOptions: { readonly isAnonymous?: boolean } = {},
): Promise<TestClient & { readonly connection: ScriptedConnection }> {
  const started = await createTestClient(options, gatewayOptions);
  await started.client.connect();
  return { ...started, connection: await started.gateway.connections.next() };
}

/** Resolves with the next thing that a listener hears. */
export function next<T>(subscribe: (listener: (value: T) => void) => () => void): Promise<T> {
  return new Promise((resolve) => {
    const unsubscribe = subscribe((value) => {
      unsubscribe();
      resolve(value);
    });
  });
}
