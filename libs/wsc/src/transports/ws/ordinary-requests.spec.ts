import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { HandshakeRefusal, refuse } from '../../core/connect/refusal.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { RawClient, upgradeText } from './raw-client.fixture.js';
import { TransportFixture } from './scripted-host.fixture.js';

const start = (): Promise<TransportFixture> => TransportFixture.start({ logger: new MemoryLogger() });

describe('a GET without an upgrade', () => {
  const get = (fixture: TransportFixture, path: string, init?: RequestInit): Promise<Response> =>
    fetch(`http://127.0.0.1:${String(fixture.port)}${path}`, init);

  it('is answered with 204 or the refusal that an upgrade would get, and keeps no place', async () => {
    await using fixture = await start();
    expect((await get(fixture, '/ws')).status).toBe(204);
    expect((await get(fixture, '/ws', { method: 'HEAD' })).status).toBe(204);
    fixture.host.decide = () => Promise.reject(refuse.unavailable('Full.', 3));
    const refused = await get(fixture, '/ws', { headers: { authorization: 'Bearer t' } });
    expect(refused.status).toBe(503);
    expect(refused.headers.get('retry-after')).toBe('3');
    expect(await refused.json()).toEqual({ statusCode: 503, error: 'Service Unavailable', message: 'Full.' });
    expect(fixture.host.asked[2]?.request.headers['authorization']).toBe('Bearer t');
    expect(fixture.host.reservedCount).toBe(0);
  });

  it('gets a whole answer whatever a check refused with', async () => {
    await using fixture = await start();
    for (const status of [4003, 99, 101, 204]) {
      const headers = { 'X-Why': 'a\r\nX-Forged: 1', 'Content-Length': '1', 'Transfer-Encoding': 'chunked' };
      fixture.host.decide = () => Promise.reject(new HandshakeRefusal(status, 'No.', { headers }));
      const refused = await get(fixture, '/ws');
      expect([refused.status, await refused.json()]).toMatchObject([500, { statusCode: 500 }]);
    }
  });

  it('is left to the application on other paths and for other methods', async () => {
    await using fixture = await start();
    expect(await (await get(fixture, '/orders')).text()).toBe('the application');
    expect(await (await get(fixture, '/ws', { method: 'POST', body: 'x' })).text()).toBe('the application');
  });

  it('can be read by pages of allowed origins only, their preflight included', async () => {
    await using fixture = await start();
    fixture.host.allowsOrigin = (request) => request.headers['origin'] === 'https://good.example';
    const allowed = await get(fixture, '/ws', { headers: { origin: 'https://good.example' } });
    expect(allowed.headers.get('access-control-allow-origin')).toBe('https://good.example');
    expect(allowed.headers.get('vary')).toBe('Origin');
    const other = await get(fixture, '/ws', { headers: { origin: 'https://evil.example' } });
    expect(other.headers.has('access-control-allow-origin')).toBe(false);
    const preflight = await get(fixture, '/ws', { method: 'OPTIONS', headers: { origin: 'https://good.example' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-headers')).toBe('Authorization');
    expect((await get(fixture, '/ws', { method: 'OPTIONS', headers: { origin: 'https://evil.example' } })).status).toBe(
      403,
    );
    expect(fixture.host.asked).toHaveLength(2);
  });
});

describe('a request that offers another protocol on a path of the application', () => {
  const h2c = { Upgrade: 'h2c', Connection: 'keep-alive, Upgrade, HTTP2-Settings', 'HTTP2-Settings': 'AAMAAABk' };
  const post = upgradeText('/orders', { ...h2c, 'Content-Length': '9' }, 'POST /orders HTTP/1.1');

  it('is answered by the application, body and next request included', async () => {
    await using fixture = await start();
    fixture.server.removeAllListeners('request');
    fixture.server.on('request', (request, response) => {
      let body = '';
      request.on('data', (chunk) => (body += String(chunk)));
      request.on('end', () => response.end(`${request.method ?? ''} ${request.url ?? ''} ${body}`));
    });
    await using client = await RawClient.connect(fixture.port);
    client.write(`${post}one `);
    client.write('body!');
    expect(await client.takeAnswer()).toMatchObject({ status: 200, body: 'POST /orders one body!' });
    client.write(upgradeText('/next', h2c));
    expect(await client.takeAnswer()).toMatchObject({ status: 200, body: 'GET /next ' });
  });

  it('is left to whoever else listens to upgrades', async () => {
    await using fixture = await start();
    fixture.server.on('upgrade', (_request: IncomingMessage, socket: Duplex) =>
      socket.end('HTTP/1.1 418 Mine\r\n\r\n'),
    );
    await using client = await RawClient.connect(fixture.port);
    client.write(post);
    expect((await client.answer()).status).toBe(418);
  });
});
