import { once } from 'node:events';
import { WebSocket } from 'ws';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { expectRefusal, RawClient, upgradeText } from './raw-client.fixture.js';
import { TransportFixture } from './scripted-host.fixture.js';

const start = (): Promise<TransportFixture> => TransportFixture.start({ logger: new MemoryLogger() });

describe('an own port', () => {
  it('serves upgrades and checks, answers all else with JSON, and cuts its connections when closed', async () => {
    await using fixture = await start();
    const own = await fixture.transport.listenOwnPort({ port: 0, host: '127.0.0.1' });
    const url = `127.0.0.1:${String(own.port)}`;
    expect((await fetch(`http://${url}/ws`)).status).toBe(204);
    expect(await (await fetch(`http://${url}/other`)).json()).toMatchObject({ statusCode: 404 });
    const webSocket = new WebSocket(`ws://${url}/ws`);
    await once(webSocket, 'open');
    const closed = once(webSocket, 'close');
    await Promise.all([own.close(), own.close()]);
    await closed;
    await expect(fetch(`http://${url}/ws`)).rejects.toThrow();
  });

  it('answers what is no HTTP, and a flood of headers, with JSON', async () => {
    await using fixture = await start();
    const own = await fixture.transport.listenOwnPort({ port: 0, host: '127.0.0.1' });
    await using garbage = await RawClient.connect(own.port);
    garbage.write('\0\x16\x03nonsense\r\n\r\n');
    expectRefusal(await garbage.answer(), 400);
    await using flood = await RawClient.connect(own.port);
    flood.write(upgradeText('/ws', { 'X-Flood': 'x'.repeat(40_000) }));
    expectRefusal(await flood.answer(), 431);
    await using hostless = await RawClient.connect(own.port);
    hostless.write('GET /ws HTTP/1.1\r\n\r\n');
    expect((await hostless.answer()).status).toBe(400);
  });

  it('does not outlive a transport that closes while it opens, and does not open after that', async () => {
    await using fixture = await start();
    const { port } = await fixture.transport.listenOwnPort({ port: 0, host: '127.0.0.1' }).then(async (own) => {
      await own.close();
      return own;
    });
    const opening = fixture.transport.listenOwnPort({ port, host: '127.0.0.1' });
    const [opened] = await Promise.allSettled([opening, fixture.transport.close()]);
    expect(opened).toMatchObject({ status: 'rejected', reason: { message: 'The WebSocket transport is closed.' } });
    await expect(RawClient.connect(port)).rejects.toThrow('ECONNREFUSED');
    await expect(fixture.transport.listenOwnPort({ port, host: '127.0.0.1' })).rejects.toThrow('closed');
    await expect(RawClient.connect(port)).rejects.toThrow('ECONNREFUSED');
  });

  it('says why it can not listen', async () => {
    await using fixture = await start();
    await expect(fixture.transport.listenOwnPort({ port: fixture.port, host: '127.0.0.1' })).rejects.toThrow(
      'EADDRINUSE',
    );
  });
});
