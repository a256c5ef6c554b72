import { callApi } from './support/gateway-api.js';
import { Gateways } from './support/gateways.js';
import { bearer, signToken } from './support/jwt.js';
import { Nginx } from './support/nginx.js';
import { until } from './support/until.js';
import { refusal, WscClient } from './support/wsc-client.js';

// Three gateways start at the same time, on a machine that may be busy.
jest.setTimeout(120_000);

const denied = '127.0.0.9';
const welcome = '127.0.0.8';

let gateways: Gateways;
let nginx: Nginx;
/** What has to be ended, the last one first; also where the next one could not start. */
const started: AsyncDisposable[] = [];

beforeAll(async () => {
  gateways = await Gateways.start(3, { WSC_TRUSTED_PROXIES: '127.0.0.1', WSC_IP_DENY: denied });
  started.unshift(gateways);
  nginx = await Nginx.start(gateways.addresses);
  started.unshift(nginx);
});

afterAll(async () => {
  for (const each of started) await each[Symbol.asyncDispose]();
});

async function connect(userId: string, options: { readonly localAddress?: string; readonly claims?: string } = {}) {
  const { localAddress, claims } = options;
  const headers = { ...(await bearer(userId)), ...(claims !== undefined && { 'X-Forwarded-For': claims }) };
  return WscClient.open(nginx.webSocketUrl, { headers, ...(localAddress !== undefined && { localAddress }) });
}

/** Connects so many users; answers for each node how many it got. */
async function spread(count: number): Promise<ReadonlyMap<string, number>> {
  const clients = await Promise.all(Array.from({ length: count }, (_, index) => connect(`user-${index}`)));
  const welcomes = await Promise.all(clients.map((client) => client.hear({ type: 'welcome' })));
  const counts = new Map<string, number>();
  for (const { data } of welcomes) {
    const { node_id: node } = data as { readonly node_id: string };
    counts.set(node, (counts.get(node) ?? 0) + 1);
  }
  for (const client of clients) await client[Symbol.asyncDispose]();
  return counts;
}

/** HTTP, from whichever gateway. */
async function expectAnswer(): Promise<void> {
  const token = await signToken('operator', { user_type: 'admin' });
  expect(await callApi(nginx.url, '/ws/stats', { token })).toMatchObject({ status: 200 });
}

describe('nginx, as deploy/ configures it', () => {
  it('starts without a warning', async () => {
    expect(await nginx.errorLog()).toBe('');
  });

  it('spreads connections over the gateways', async () => {
    const counts = await spread(60);
    expect([...counts.keys()].sort()).toEqual(['gateway-1', 'gateway-2', 'gateway-3']);
    for (const count of counts.values()) expect(count).toBeGreaterThanOrEqual(10);
  });

  it('passes upgrades on, and messages both ways up to what the gateway takes', async () => {
    await using client = await connect('ada');
    const text = 'x'.repeat(400_000);
    expect(await client.request('echo', text)).toMatchObject({ type: 'response', data: text });
  });

  it('passes HTTP on over connections that it keeps, and what the gateway answers to who may not come in', async () => {
    for (let call = 0; call < 20; call++) await expectAnswer();
    expect(await refusal(nginx.webSocketUrl)).toMatchObject({ status: 401, body: { error: 'Unauthorized' } });
    expect(await callApi(nginx.url, '/ws')).toMatchObject({ status: 401 });
  });

  it("lets the gateways see each client's own address", async () => {
    const headers = await bearer('ada');
    expect(await refusal(nginx.webSocketUrl, { headers, localAddress: denied })).toMatchObject({ status: 403 });
    await using client = await connect('ada', { localAddress: welcome });
    await client.hear({ type: 'welcome' });
  });

  it('has no client believed that names another address', async () => {
    const headers = { ...(await bearer('ada')), 'X-Forwarded-For': welcome, 'X-Real-IP': welcome };
    expect(await refusal(nginx.webSocketUrl, { headers, localAddress: denied })).toMatchObject({ status: 403 });
    // Nor may anybody be blamed for what another address is denied.
    await using client = await connect('ada', { localAddress: welcome, claims: denied });
    await client.hear({ type: 'welcome' });
    for (const { process } of gateways.all) expect(process.log).not.toContain('not a trusted proxy');
  });

  it('shows no health to the outside, while each gateway does to its orchestrator', async () => {
    for (const path of ['/health/ready', '/health/live', '/health']) {
      expect((await callApi(nginx.url, path)).status).toBe(404);
    }
    for (const { process } of gateways.all) expect((await callApi(process.url, '/health/ready')).status).toBe(200);
  });

  it('writes no credential of a URL into its log', async () => {
    await callApi(nginx.url, '/with-a-secret?connect_token=a-secret');
    const lines = await until(
      async () => (await nginx.accessLog()).split('\n').filter((line) => line.includes('secret')),
      (found) => found.length > 0,
    );
    expect(lines).toEqual([expect.stringContaining('"GET /with-a-secret" 404 ')]);
  });

  it('sends who comes to another gateway while one drains, and after it has ended', async () => {
    const { process } = gateways.all[0]!;
    await using busy = await WscClient.connect(`${process.url.replace('http', 'ws')}/ws`, {
      headers: await bearer('busy'),
    });
    busy.send({ type: 'request', event: 'slow', request_id: 'work', data: { ms: 5_000 } });
    await busy.request('echo', 'the handler before has begun');
    const ended = process.stop('SIGTERM');
    await busy.hear({ type: 'goodbye' });

    const whileDraining = await spread(20);
    expect([...whileDraining.keys()].sort()).toEqual(['gateway-2', 'gateway-3']);
    expect(await busy.hear({ request_id: 'work' })).toMatchObject({ type: 'response' });
    expect(await ended).toBe(0);

    expect([...(await spread(20)).keys()].sort()).toEqual(['gateway-2', 'gateway-3']);
    for (let call = 0; call < 10; call++) await expectAnswer();
  });

  it('sends a gateway that has come back its share at once, although all who come stay', async () => {
    await gateways.all[0]!.startAgain();
    const counts = await spread(30);
    expect(counts.get('gateway-1')).toBeGreaterThanOrEqual(5);
  });
});
