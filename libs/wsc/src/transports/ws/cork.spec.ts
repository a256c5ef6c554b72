import type { Socket } from 'node:net';
import { closeCodes } from '@nest-wsc/protocol';
import type { Hub } from '../../core/hub.js';
import { SystemClock } from '../../system/system-clock.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { TestHub } from '../../testing/test-hub.js';
import { RawClient, takeFrame, upgradeText, type RawAnswer } from './raw-client.fixture.js';
import { TransportFixture } from './scripted-host.fixture.js';

const start = (hub?: Hub): Promise<TransportFixture> =>
  TransportFixture.start({ logger: new MemoryLogger(), ...(hub !== undefined && { hub }) });

/** Turns of the event loop are what this is about, so they are real. */
const startHub = (): Promise<TestHub> =>
  TestHub.start({ options: { drainMs: 0 }, dependencies: { clock: new SystemClock() } });

/** What came in the same chunk as the 101. */
function besides({ status, rest }: RawAnswer): Buffer | undefined {
  expect(status).toBe(101);
  return takeFrame(rest)?.frame.payload;
}

/** A key that both sides know needs no certificate. */
const tls = {
  ciphers: 'PSK',
  maxVersion: 'TLSv1.2',
  pskCallback: () => ({ psk: Buffer.alloc(32, 1), identity: 'test' }),
  checkServerIdentity: () => undefined,
} as const;

describe('the 101', () => {
  it('comes in one chunk with `welcome` where nobody waits before it', async () => {
    await using testHub = await startHub();
    await using fixture = await start(testHub.hub);
    let socket: Socket | undefined;
    fixture.server.on('connection', (connected) => (socket = connected));
    let heldBytes: number | undefined;
    testHub.hub.hooks.onConnect(() => void (heldBytes = socket?.writableLength));
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    expect(besides(await client.answer())?.toString()).toContain('"type":"welcome"');
    // A client in the same process reads two writes of one turn as one chunk too.
    expect(heldBytes).toBeGreaterThan(0);
  });

  it('comes alone, at once, where a connect callback waits', async () => {
    await using testHub = await startHub();
    let finish: () => void = () => undefined;
    testHub.hub.hooks.onConnect(() => new Promise<void>((resolve) => (finish = resolve)));
    await using fixture = await start(testHub.hub);
    await using client = await RawClient.connect(fixture.port);
    expect(besides(await client.open())).toBeUndefined();
    finish();
    expect((await client.frame()).payload.toString()).toContain('"type":"welcome"');
  });

  it('comes before the close frame of a connection that is refused by its connect callback', async () => {
    await using testHub = await startHub();
    testHub.hub.hooks.onConnect(() => {
      throw new Error('broken');
    });
    await using fixture = await start(testHub.hub);
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { opcode, payload } = await client.frame();
    expect([opcode, payload.readUInt16BE()]).toEqual([8, 1011]);
  });

  it('comes before the close frame of a connection that is closed while it opens', async () => {
    await using fixture = await start();
    fixture.host.onOpen = ({ link }) => link.close(closeCodes.kicked);
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { opcode, payload } = await client.frame();
    expect([opcode, payload.readUInt16BE()]).toEqual([8, 4503]);
  });

  it('comes with `welcome` over TLS too', async () => {
    await using testHub = await startHub();
    await using fixture = await start(testHub.hub);
    const https = { ...tls, pskCallback: () => tls.pskCallback().psk };
    const own = await fixture.transport.listenOwnPort({ port: 0, host: '127.0.0.1', https });
    await using client = await RawClient.connectTls(own.port, tls);
    client.write(upgradeText());
    expect(besides(await client.answer())?.toString()).toContain('"type":"welcome"');
  });
});
