import { callApi, type ApiAnswer, type ApiCall } from './gateway-api.js';
import type { GatewayProcess } from './gateway-process.js';
import { bearer, jwtSecret, signToken } from './jwt.js';
import { RawClient } from './raw-client.js';
import { until } from './until.js';
import { WscClient, type OpenOptions } from './wsc-client.js';

/** Environment of a gateway that takes the tokens of `signToken`. */
export const gatewayEnvironment = { JWT_SECRET: jwtSecret } as const;

export const webSocketUrl = ({ url }: GatewayProcess): string => `${url.replace(/^http/, 'ws')}/ws`;

/** A welcomed connection of a user. */
export async function connectAs(
  gateway: GatewayProcess,
  userId: string,
  { headers, ...options }: OpenOptions = {},
): Promise<WscClient> {
  return WscClient.connect(webSocketUrl(gateway), { ...options, headers: { ...(await bearer(userId)), ...headers } });
}

/** As {@link connectAs}, for a client that will break the rules of frames. */
export async function connectRawAs(
  gateway: GatewayProcess,
  userId: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<RawClient> {
  const client = await RawClient.connect(gateway.url);
  await client.upgrade('/ws', {
    'Sec-WebSocket-Protocol': 'wsc.v1.json',
    ...(await bearer(userId)),
    ...headers,
  });
  return client;
}

/** Calls the HTTP API with an admin's rights. */
export async function callAsAdmin(gateway: GatewayProcess, path: string, call: ApiCall = {}): Promise<ApiAnswer> {
  return callApi(gateway.url, path, { ...call, token: await signToken('operator', { user_type: 'admin' }) });
}

type Stats = Readonly<Record<string, number>>;

/** Asks for the gateway's numbers until they are as expected. */
export function untilStats(gateway: GatewayProcess, areExpected: (stats: Stats) => boolean): Promise<Stats> {
  return until(() => statsOf(gateway), areExpected);
}

export async function statsOf(gateway: GatewayProcess): Promise<Stats> {
  const { body } = await callAsAdmin(gateway, '/ws/stats');
  return body as Stats;
}

/** The next client is served, and nothing but ordinary lines is in the log: no stack, no line that a peer has forged. */
export async function expectUnharmed(gateway: GatewayProcess): Promise<void> {
  await using next = await connectAs(gateway, 'next-client');
  expect(await next.request('echo', 'still here')).toMatchObject({ type: 'response', data: 'still here' });
  expect(strangeLinesOf(gateway)).toEqual([]);
}

/** As `afterAll`: everything that connections held is given back, and the gateway ends as it should. */
export async function endUnharmed(gateway: GatewayProcess): Promise<void> {
  await untilNobodyIsLeft(gateway);
  expect(await gateway.stop()).toBe(0);
  expect(strangeLinesOf(gateway)).toEqual([]);
}

function strangeLinesOf({ log }: GatewayProcess): readonly string[] {
  return log.split('\n').filter((line) => line !== '' && !/^\[Nest\] [ -~]+$/.test(line));
}

/** Everything that connections held is given back. */
export async function untilNobodyIsLeft(gateway: GatewayProcess): Promise<void> {
  await untilStats(
    gateway,
    (stats) =>
      stats['total_clients'] === 0 &&
      stats['online_users'] === 0 &&
      stats['total_rooms'] === 0 &&
      stats['blocked_connections'] === 0 &&
      stats['running_handlers'] === 0,
  );
}
