import 'reflect-metadata';
import { HubService, type WscModuleOptions } from '@nest-wsc/wsc';
import { AppModule } from '../../../apps/gateway/src/app.module.js';
import { readGatewayConfig } from '../../../apps/gateway/src/config/gateway-config.js';
import { createWscOptions } from '../../../apps/gateway/src/config/wsc-options.js';
import { startApp, type RunningApp } from '../apps.js';
import { callApi, type ApiAnswer, type ApiCall } from '../gateway-api.js';
import { jwtSecret, signToken } from '../jwt.js';
import { WscClient } from '../wsc-client.js';

/** A gateway of several, seen from outside, wherever it runs. */
export interface GatewayNode {
  readonly nodeId: string;
  /** Of its HTTP, for example `http://127.0.0.1:40123`. */
  readonly url: string;
}

/** A gateway within this process. */
export interface LocalNode extends GatewayNode, Pick<RunningApp, 'app' | 'log'> {
  readonly hub: HubService;
}

/** Starts the demo gateway on a free port, without a process of its own. `closeApps` ends it. */
export async function startNode(nodeId: string, redis: WscModuleOptions['redis']): Promise<LocalNode> {
  const config = readGatewayConfig({});
  const options = createWscOptions(config, { JWT_SECRET: jwtSecret });
  const { app, log, httpUrl } = await startApp({
    imports: [AppModule.forRoot(config, { ...options, nodeId, redis, jwt: { secret: jwtSecret } })],
  });
  return { nodeId, app, log, url: httpUrl, hub: app.get(HubService) };
}

export const socketUrl = ({ url }: GatewayNode): string => `${url.replace('http', 'ws')}/ws`;

/** Asks a node's HTTP API, as an operator may. */
export async function ask({ url }: GatewayNode, path: string, call: ApiCall = {}): Promise<ApiAnswer> {
  return callApi(url, path, { token: await signToken('operator', { user_type: 'admin' }), ...call });
}

/** A welcomed connection with this token. */
export function connectWith(node: GatewayNode, token: string): Promise<WscClient> {
  return WscClient.connect(socketUrl(node), { headers: { Authorization: `Bearer ${token}` } });
}

/** What the node's probe for balancers answers: 200, or 503 while it is not ready. */
export async function readiness({ url }: GatewayNode): Promise<number> {
  return (await callApi(url, '/health/ready')).status;
}

/** What the node's probe for orchestrators answers. */
export async function liveness({ url }: GatewayNode): Promise<number> {
  return (await callApi(url, '/health/live')).status;
}
