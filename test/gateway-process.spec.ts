import { connect } from 'node:net';
import { once } from 'node:events';
import { callApi, logIn } from './support/gateway-api.js';
import { GatewayProcess } from './support/gateway-process.js';
import { refusal, WscClient } from './support/wsc-client.js';

const webSocketUrl = (gateway: GatewayProcess): string => `${gateway.url.replace('http', 'ws')}/ws`;

async function connectAs(gateway: GatewayProcess, userId: string): Promise<WscClient> {
  const token = await logIn(gateway.url, userId);
  return WscClient.connect(webSocketUrl(gateway), { protocols: ['wsc.v1.json', `bearer.${token}`] });
}

/** Writes bytes to the gateway's port and answers everything that comes back until it closes. */
async function sendRaw(gateway: GatewayProcess, bytes: string): Promise<string> {
  const socket = connect(Number(gateway.port), '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  // What the gateway refuses it may cut while we still write.
  socket.on('error', () => undefined);
  socket.write(bytes);
  await once(socket, 'close');
  return answer;
}

function expectJsonAnswer(answer: string, status: number, error: string): void {
  expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
  const body: unknown = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
  expect(body).toMatchObject({ code: status, error, message: expect.any(String) });
}

describe('the gateway as a process', () => {
  it('needs nothing to be set, says where to look, and warns of what is for demos only', async () => {
    await using gateway = await GatewayProcess.start();
    expect(gateway.log).toContain(`Open ${gateway.url} for the page, ${gateway.url}/docs for the HTTP API.`);
    expect(gateway.log).toMatch(
      /Settings: port \d+ \(environment variable PORT\), everything in memory \(this gateway alone\), auth required .*path \/ws \(default\)/,
    );
    expect(gateway.log).toContain('JWT_SECRET is not set');
    expect(gateway.log).toContain('The demo login is on (WSC_DEMO_LOGIN)');
    const page = await callApi(gateway.url, '/');
    expect(page.body).toContain('<title>nest-wsc demo</title>');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('lets nobody in by the demo login in production, unless told to', async () => {
    const secret = { JWT_SECRET: 'a secret of at least 32 bytes, as it must be' };
    await using gateway = await GatewayProcess.start({ NODE_ENV: 'production', ...secret });
    expect(gateway.log).not.toContain('JWT_SECRET is not set');
    expect(gateway.log).not.toContain('demo login');
    const refused = await callApi(gateway.url, '/auth/login', { body: { user_id: 'ada' } });
    expect(refused).toMatchObject({ status: 403, body: { error: 'WSC_FORBIDDEN' } });
  });

  it('does not start where nobody could log in, or where HTTP and WebSockets want the same port', async () => {
    const production = await GatewayProcess.start({ NODE_ENV: 'production' }).catch(String);
    expect(production).toContain('The gateway ended with 1');
    expect(production).toContain('Set JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL');
    const samePort = await GatewayProcess.start({ PORT: '8099', WSC_PORT: '8099' }).catch(String);
    expect(samePort).toContain(
      'HTTP (PORT) and the own port of WebSockets (environment variable WSC_PORT) are both 8099',
    );
    for (const failure of [production, samePort]) expect(failure).not.toContain('    at ');
  });

  it('does not start with a wrong value, and says which in words instead of a stack', async () => {
    const failure = await GatewayProcess.start({ JWT_SECRET: 'short', WSC_MAX_CONNECTIONS: 'many' }).catch(String);
    expect(failure).toContain('The gateway ended with 1');
    expect(failure).toContain('JWT_SECRET');
    expect(failure).toContain('WSC_MAX_CONNECTIONS');
    expect(failure).not.toContain('    at ');
  });

  it('says what to do where its port is taken', async () => {
    await using gateway = await GatewayProcess.start();
    const failure = await GatewayProcess.start({ PORT: gateway.port }).catch(String);
    expect(failure).toContain(`Port ${gateway.port} is in use`);
    expect(failure).toContain('PORT=8081 npm start');
    expect(failure).not.toContain('    at ');
  });

  it('serves HTTP without WebSockets when they are switched off, and says so to who wants to send', async () => {
    await using gateway = await GatewayProcess.start({ WSC_ENABLED: 'false' });
    expect(gateway.log).toMatch(/Settings: port \d+ .*, WebSockets off \(environment variable WSC_ENABLED\)\.\n/);
    expect((await callApi(gateway.url, '/health/ready')).status).toBe(200);
    const token = await logIn(gateway.url, 'root', 'admin');
    const answer = await callApi(gateway.url, '/api/broadcast', { token, body: { event: 'x' } });
    expect(answer).toMatchObject({ status: 503, body: { error: 'WSC_UNAVAILABLE' } });
    expect(await callApi(gateway.url, '/ws')).toMatchObject({ status: 404 });
  });

  it('ends with 0 on SIGTERM, after handlers have finished and every client has heard when to come back', async () => {
    await using gateway = await GatewayProcess.start();
    const [ada, bob] = await Promise.all([connectAs(gateway, 'ada'), connectAs(gateway, 'bob')]);
    ada.send({ type: 'request', event: 'slow', request_id: 'work', data: { ms: 1500 } });
    await ada.request('echo', 'the handler before has begun');

    const ended = gateway.stop('SIGTERM');
    const goodbyes = await Promise.all([ada, bob].map((client) => client.hear({ type: 'goodbye' })));
    for (const { data } of goodbyes) {
      expect(data).toMatchObject({ code: 1012, reconnect: true, reconnect_in_ms: expect.any(Number) });
    }
    expect(await callApi(gateway.url, '/health/ready')).toMatchObject({
      status: 503,
      body: { error: 'WSC_UNAVAILABLE' },
    });
    expect((await callApi(gateway.url, '/health/live')).status).toBe(200);
    expect(await refusal(webSocketUrl(gateway))).toMatchObject({ status: 503 });

    expect(await ada.hear({ request_id: 'work' })).toMatchObject({ type: 'response', data: { waited_ms: 1500 } });
    expect((await ada.closed).code).toBe(1012);
    expect((await bob.closed).code).toBe(1012);
    expect(await ended).toBe(0);
  });

  it('answers what is no HTTP with JSON, serves the next client, and ends in time all the same', async () => {
    await using gateway = await GatewayProcess.start();
    // Nothing but a header, a byte at a time: it is cut after 10 s, while the others are served.
    const trickled = sendRaw(gateway, 'GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    expectJsonAnswer(await sendRaw(gateway, 'nonsense\r\n\r\n'), 400, 'WSC_INVALID_ENVELOPE');
    expectJsonAnswer(await sendRaw(gateway, 'GET / HTTP/9.9\r\n\r\n'), 400, 'WSC_INVALID_ENVELOPE');
    const flood = `GET / HTTP/1.1\r\nHost: x\r\nX-Flood: ${'x'.repeat(40_000)}\r\n\r\n`;
    expectJsonAnswer(await sendRaw(gateway, flood), 431, 'WSC_MESSAGE_TOO_LARGE');
    expect((await callApi(gateway.url, '/health/live')).status).toBe(200);
    expectJsonAnswer(await trickled, 408, 'WSC_TIMEOUT');

    // A request that never ends holds nobody back.
    void sendRaw(
      gateway,
      'POST /auth/login HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{',
    );
    await callApi(gateway.url, '/health/live');
    expect(await gateway.stop('SIGINT')).toBe(0);
  }, 30_000);
});
