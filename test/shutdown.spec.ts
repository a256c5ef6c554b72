import { generateKeyPairSync } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { SignJWT } from 'jose';
import { callApi } from './support/gateway-api.js';
import { GatewayProcess } from './support/gateway-process.js';
import { connectAs, connectRawAs, gatewayEnvironment, untilStats, webSocketUrl } from './support/gateway-users.js';
import { bearer } from './support/jwt.js';
import { RawClient, upgradeText } from './support/raw-client.js';
import { refusal, type WscClient } from './support/wsc-client.js';

// Each start of a gateway takes many seconds on a busy machine.
jest.setTimeout(60_000);

const clientCount = 50;
/** The longest that `slow` takes. */
const maxSlowMs = 5_000;

/** Clients that each wait for an answer of `slow`; settles once all handlers run. */
async function connectBusy(gateway: GatewayProcess, count: number, ms: number): Promise<readonly WscClient[]> {
  const users = Array.from({ length: count }, (_, index) => `user-${index}`);
  const clients = await Promise.all(users.map((user) => connectAs(gateway, user)));
  for (const client of clients) client.send({ type: 'request', event: 'slow', request_id: 'work', data: { ms } });
  await untilStats(gateway, (stats) => stats['running_handlers'] === count);
  return clients;
}

async function delayOf(client: WscClient): Promise<number> {
  const { data } = await client.hear({ type: 'goodbye' });
  expect(data).toMatchObject({ code: 1012, reason: 'service restart', reconnect: true });
  return (data as { reconnect_in_ms: number }).reconnect_in_ms;
}

/** Takes connections and never answers. */
class SilentServer implements AsyncDisposable {
  readonly port: number;
  /** Settles with the first connection. */
  readonly asked: Promise<void>;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.port = port;
    server.on('connection', (socket) => this.#sockets.add(socket.on('error', () => socket.destroy())));
    this.asked = new Promise((resolve) => server.once('connection', () => resolve()));
  }

  static async start(): Promise<SilentServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new SilentServer(server, (server.address() as AddressInfo).port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function expectNoTrouble({ log }: GatewayProcess): void {
  expect(log).not.toMatch(/ERROR|\n\s+at |uncaught|unhandled/i);
}

describe('SIGTERM', () => {
  it('with 50 clients and their handlers at work: answers all, refuses new ones, ends with 0', async () => {
    await using gateway = await GatewayProcess.start({ ...gatewayEnvironment, WSC_DRAIN_MS: '120000' });
    const clients = await connectBusy(gateway, clientCount, maxSlowMs);
    const ended = gateway.stop('SIGTERM');

    const delays = await Promise.all(clients.map(delayOf));
    expect(new Set(delays).size).toBe(clientCount);
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000);

    const late = await refusal(webSocketUrl(gateway), { headers: await bearer('late') });
    expect(late).toMatchObject({ status: 503, body: { statusCode: 503, error: 'Service Unavailable' } });
    expect(Number(late.headers['retry-after'])).toBeGreaterThan(0);
    expect(await callApi(gateway.url, '/ws')).toMatchObject({ status: 503 });
    expect(await clients[0]?.request('echo', 'too late')).toMatchObject({ error: 'WSC_UNAVAILABLE' });

    for (const client of clients) {
      expect(await client.hear({ request_id: 'work' })).toMatchObject({
        type: 'response',
        data: { waited_ms: maxSlowMs },
      });
      expect(await client.closed).toEqual({ code: 1012, reason: 'service restart' });
    }
    // When all is said, and not when the drain time is over: that would outlast the test.
    expect(await ended).toBe(0);
    expectNoTrouble(gateway);
  });

  it('is not held up beyond the drain time by a handler that takes longer', async () => {
    await using gateway = await GatewayProcess.start({ ...gatewayEnvironment, WSC_DRAIN_MS: '500' });
    const startedAt = performance.now();
    const [client] = await connectBusy(gateway, 1, maxSlowMs);
    const ended = gateway.stop('SIGTERM');
    expect((await client?.closed)?.code).toBe(1012);
    expect(client?.unheard).not.toContainEqual(expect.objectContaining({ request_id: 'work' }));
    expect(await ended).toBe(0);
    // Before the handler could have answered.
    expect(performance.now() - startedAt).toBeLessThan(maxSlowMs);
    expectNoTrouble(gateway);
  });

  it('twice, and SIGINT on top, is one shutdown: the handlers still answer', async () => {
    await using gateway = await GatewayProcess.start(gatewayEnvironment);
    const clients = await connectBusy(gateway, 3, 3_000);
    const ended = gateway.stop('SIGTERM');
    await Promise.all(clients.map(delayOf));
    void gateway.stop('SIGTERM');
    void gateway.stop('SIGINT');
    for (const client of clients) {
      expect(await client.hear({ request_id: 'work' })).toMatchObject({ data: { waited_ms: 3_000 } });
      expect((await client.closed).code).toBe(1012);
      expect(client.unheard).toEqual([]);
    }
    expect(await ended).toBe(0);
    expectNoTrouble(gateway);
  });

  it('cuts a client that does not answer its close', async () => {
    await using gateway = await GatewayProcess.start({ ...gatewayEnvironment, WSC_DRAIN_MS: '200' });
    await using deaf = await connectRawAs(gateway, 'deaf');
    const startedAt = performance.now();
    const ended = gateway.stop('SIGTERM');
    expect(await deaf.closeCode()).toBe(1012);
    await deaf.gone;
    // A quarter of the drain time; a closing handshake at any other time has 2 s.
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(await ended).toBe(0);
    expectNoTrouble(gateway);
  });

  it('is not held up by clients that never say anything, or only half of it', async () => {
    await using gateway = await GatewayProcess.start(gatewayEnvironment);
    await using silent = await RawClient.connect(gateway.url);
    await using half = await RawClient.connect(gateway.url);
    half.write(upgradeText().slice(0, -2));
    await callApi(gateway.url, '/health/live');
    expect(await gateway.stop('SIGTERM')).toBe(0);
    // Otherwise it would be for ever: a server that closes watches over no time-outs any more.
    await Promise.all([silent.gone, half.gone]);
  });

  it('does not wait for a connection that a browser opened ahead of its request', async () => {
    await using gateway = await GatewayProcess.start(gatewayEnvironment);
    await using ahead = await RawClient.connect(gateway.url);
    await callApi(gateway.url, '/health/live');
    expect(await gateway.stop('SIGTERM')).toBe(0);
    await ahead.gone;
    expect(gateway.log).not.toContain('did not end in time');
  });

  it('answers a handshake that is being decided with 503, however long its decision would take', async () => {
    await using keyServer = await SilentServer.start();
    await using gateway = await GatewayProcess.start({ JWT_JWKS_URL: `http://127.0.0.1:${keyServer.port}/keys` });
    await using client = await RawClient.connect(gateway.url);
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const token = await new SignJWT({ sub: 'ann' })
      .setProtectedHeader({ alg: 'ES256', kid: 'k' })
      .setExpirationTime('1h')
      .sign(privateKey);
    client.write(upgradeText({ headers: { Authorization: `Bearer ${token}` } }));
    await keyServer.asked;
    const ended = gateway.stop('SIGTERM');
    expect(await client.answer()).toMatchObject({ status: 503 });
    expect(await ended).toBe(0);
    expectNoTrouble(gateway);
  });
});
