import { GatewayProcess } from './support/gateway-process.js';
import {
  endUnharmed,
  expectUnharmed,
  gatewayEnvironment,
  untilNobodyIsLeft,
  webSocketUrl,
} from './support/gateway-users.js';
import { bearer } from './support/jwt.js';
import { RawClient, upgradeText, type RawAnswer } from './support/raw-client.js';
import { until } from './support/until.js';
import { refusal } from './support/wsc-client.js';

const long = (length: number): string => 'x'.repeat(length);
const offers = (list: string) => ({ headers: { 'Sec-WebSocket-Protocol': list } });

/** Sends bytes and answers the refusal, whose body must say the status too. */
async function refusalOf(gateway: GatewayProcess, bytes: string | Uint8Array): Promise<RawAnswer> {
  await using client = await RawClient.connect(gateway.url);
  client.write(bytes);
  const answer = await client.answer();
  const body = JSON.parse(answer.body) as { statusCode?: number; code?: number; message?: string };
  expect(body.statusCode ?? body.code).toBe(answer.status);
  expect(body.message).toMatch(/^[A-Z]/);
  expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  return answer;
}

describe('an upgrade that is wrong', () => {
  let gateway: GatewayProcess;

  beforeAll(async () => {
    gateway = await GatewayProcess.start(gatewayEnvironment);
  });

  afterEach(() => expectUnharmed(gateway));

  afterAll(() => endUnharmed(gateway));

  it.each([
    ['on another path', upgradeText({ path: '/nowhere' }), 404],
    ['on a path that climbs', upgradeText({ path: '/ws/../../etc/passwd' }), 404],
    ['on a path that is no percent-encoding', upgradeText({ path: '/%zz' }), 404],
    ['without a key', upgradeText({ headers: { 'Sec-WebSocket-Key': '' } }), 400],
    ['with a key of another length', upgradeText({ headers: { 'Sec-WebSocket-Key': 'dG9vIHNob3J0' } }), 400],
    ['without a version', upgradeText({ headers: { 'Sec-WebSocket-Version': '' } }), 426],
    ['of another version', upgradeText({ headers: { 'Sec-WebSocket-Version': '8' } }), 426],
    ['by POST', upgradeText({ line: 'POST /ws HTTP/1.1' }), 400],
    ['without a Host', upgradeText({ headers: { Host: '' } }), 400],
    ['with two Hosts', upgradeText({ headers: { Host: 'a', host: 'b' } }), 400],
    ['in HTTP/1.0', upgradeText({ line: 'GET /ws HTTP/1.0' }), 400],
    ['with a body', `${upgradeText({ headers: { 'Content-Length': '5' } })}hello`, 400],
    ['in chunks', `${upgradeText({ headers: { 'Transfer-Encoding': 'chunked' } })}0\r\n\r\n`, 400],
    [
      'that smuggles a second request',
      `${upgradeText({ headers: { 'Content-Length': '4', 'Transfer-Encoding': 'chunked' } })}0\r\n\r\nGET / HTTP/1.1\r\n\r\n`,
      400,
    ],
    ['that is no HTTP', 'hello there\r\n\r\n', 400],
    ['that is TLS', Buffer.from('16030100f1010000ed0303', 'hex'), 400],
    ['with a control character in a header', upgradeText({ headers: { 'X-Name': 'a\u0000b' } }), 400],
    ['with a header over the limit', upgradeText({ headers: { 'User-Agent': long(65_536) } }), 431],
    ['with a flood of headers', upgradeText({ headers: floodOfHeaders(2_000) }), 431],
    ['with an offer that is no token', upgradeText(offers('wsc.v1.json, a b')), 400],
    ['with an empty offer', upgradeText(offers('wsc.v1.json,,')), 400],
    ['that offers the same twice', upgradeText(offers('wsc.v1.json, wsc.v1.json')), 400],
    ['that offers only what nobody knows', upgradeText(offers('mqtt, soap')), 400],
    ['that offers a token and no codec', upgradeText(offers('bearer.abc')), 400],
    ['that offers two tokens', upgradeText(offers('wsc.v1.json, bearer.a, bearer.b')), 400],
    ['that offers seventeen', upgradeText(offers(Array.from({ length: 17 }, (_, n) => `p${n}`).join(', '))), 400],
    ['with an offer over the limit', upgradeText(offers(`wsc.v1.json, bearer.${long(9_000)}`)), 400],
    ['with a device id that is no name', upgradeText({ path: '/ws?device_id=a%20b' }), 400],
    ['with a device id over the limit', upgradeText({ path: `/ws?device_id=${long(129)}` }), 400],
    ['with two device ids', upgradeText({ path: '/ws?device_id=a&device_id=b' }), 400],
    ['with two connect tokens', upgradeText({ path: '/ws?connect_token=a&connect_token=b' }), 400],
    ['without a credential', upgradeText(), 401],
    ['with a token that is none', upgradeText({ headers: { Authorization: 'Bearer a.b.c' } }), 401],
    ['with another scheme', upgradeText({ headers: { Authorization: 'Basic YTpi' } }), 401],
    ['with a connect token that nobody issued', upgradeText({ path: '/ws?connect_token=abc' }), 401],
    ['with a token over the limit', upgradeText({ headers: { Authorization: `Bearer ${long(9_000)}` } }), 401],
  ])('%s is refused in JSON, and the next client is served', async (_, bytes, status) => {
    const answer = await refusalOf(gateway, bytes);
    expect(answer.status).toBe(status);
    if (status === 426) expect(answer.headers.get('sec-websocket-version')).toBe('13');
    if (status === 401) expect(answer.headers.get('www-authenticate')).toBe('Bearer');
  });

  it.each([
    ['http://evil.example'],
    ['https://localhost.evil.example'],
    ['null'],
    ['file://'],
    ['javascript:alert(1)'],
    ['http://localhost:1'],
  ])('from a page of %j is refused with 403', async (origin) => {
    const headers = { Host: `localhost:${gateway.port}`, Origin: origin, ...(await bearer('ann')) };
    expect(await refusalOf(gateway, upgradeText({ headers }))).toMatchObject({ status: 403 });
  });

  it('cannot write into the log, whatever its headers and its query hold', async () => {
    const forged = '%0A[Nest]%201%20-%20forged%0D%0A%1B[2J';
    const headers = {
      'X-Forwarded-For': `127.0.0.1, ${forged}${long(500)}`,
      'User-Agent': `${forged}${long(4_000)}`,
      Referer: forged,
    };
    for (const path of [`/ws?device_id=${forged}`, `/ws?connect_token=${forged}`, `/${forged}`])
      await refusalOf(gateway, upgradeText({ path, headers }));
    // The one line that such a header is worth; it comes through a pipe.
    await until(
      () => gateway.log,
      (log) => log.includes('X-Forwarded-For'),
    );
    await expectUnharmed(gateway);
    expect(gateway.log).not.toContain('forged');
    expect(gateway.log.match(/X-Forwarded-For/g)).toHaveLength(1);
  });

  it('that stops in the middle holds nobody up', async () => {
    await using half = await RawClient.connect(gateway.url);
    half.write(upgradeText().slice(0, -2));
    await using silent = await RawClient.connect(gateway.url);
    await expectUnharmed(gateway);
    half.write('\r\n');
    expect(await half.answer()).toMatchObject({ status: 401 });
    silent.write(upgradeText());
    expect(await silent.answer()).toMatchObject({ status: 401 });
  });
});

describe('connections over a limit', () => {
  let gateway: GatewayProcess;
  const clients: RawClient[] = [];

  beforeAll(async () => {
    gateway = await GatewayProcess.start({
      ...gatewayEnvironment,
      WSC_MAX_CONNECTIONS: '6',
      WSC_MAX_CONNECTIONS_PER_IP: '4',
      WSC_MAX_CONNECTIONS_PER_USER: '2',
      WSC_TRUSTED_PROXIES: '127.0.0.1,::1',
      WSC_ORIGINS: 'https://*.example.com,https://app.test:8443',
    });
  });

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client[Symbol.asyncDispose]()));
    await untilNobodyIsLeft(gateway);
    await expectUnharmed(gateway);
  });

  afterAll(() => endUnharmed(gateway));

  /** All knock at once; those that are let in stay until the test ends. */
  async function knock(users: readonly string[], addressOf: (index: number) => string): Promise<readonly RawAnswer[]> {
    const answers = users.map(async (user, index) => {
      const headers = { ...(await bearer(user)), 'X-Forwarded-For': addressOf(index) };
      const client = await RawClient.connect(gateway.url);
      clients.push(client);
      client.write(upgradeText({ headers }));
      return client.answer();
    });
    return Promise.all(answers);
  }

  const users = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `user-${index}`);

  it.each([
    ['of the node', users(9), (index: number) => `192.0.2.${index}`, 6, 503],
    ['of an address', users(9), () => '192.0.2.1', 4, 429],
    ['of a network, where addresses are cheap', users(9), (index: number) => `2001:db8:0:7::${index}`, 4, 429],
    ['of a user', ['ann', 'ann', 'ann', 'ann', 'ann'], (index: number) => `192.0.2.${index}`, 2, 429],
  ])('%s are refused and told when to come back, however many knock at once', async (...row) => {
    const [, names, addressOf, limit, status] = row;
    const answers = await knock(names, addressOf);
    const refused = answers.filter((answer) => answer.status !== 101);
    expect(refused.map((answer) => answer.status)).toEqual(names.slice(limit).map(() => status));
    for (const { headers } of refused) expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
  });

  it('free their places when they are refused for another reason', async () => {
    const bad = { headers: { Authorization: 'Bearer a.b.c' } };
    for (let count = 0; count < 10; count += 1)
      expect(await refusal(webSocketUrl(gateway), bad)).toMatchObject({ status: 401 });
  });

  it.each([
    ['https://a.example.com', 101],
    ['https://a.b.example.com', 101],
    ['https://app.test:8443', 101],
    ['https://example.com', 403],
    ['http://a.example.com', 403],
    ['https://a.example.com:8443', 403],
    ['https://evilexample.com', 403],
    ['https://a.example.com.evil.test', 403],
    ['https://app.test', 403],
    ['https://app.test:8443.evil.test', 403],
  ])('aside, a page of %s gets %i where origins are listed', async (origin, status) => {
    await using client = await RawClient.connect(gateway.url);
    client.write(upgradeText({ headers: { Origin: origin, ...(await bearer('ann')) } }));
    expect(await client.answer()).toMatchObject({ status });
  });
});

function floodOfHeaders(count: number): Readonly<Record<string, string>> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`X-${index}`, 'some value']));
}
