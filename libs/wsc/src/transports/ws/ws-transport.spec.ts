import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import type { IncomingMessage } from 'node:http';
import type { Cancellation } from '../../core/async/cancellation.js';
import { HandshakeRefusal, refuse } from '../../core/connect/refusal.js';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { clientFrame, expectRefusal, RawClient, upgradeText } from './raw-client.fixture.js';
import { TransportFixture } from './scripted-host.fixture.js';
import type { WsTransportOptions } from './ws-transport.js';

const logger = new MemoryLogger();
const start = (options: Partial<WsTransportOptions> = {}): Promise<TransportFixture> =>
  TransportFixture.start({ logger, ...options });

/** A gate that never decides by itself. */
function untilCancelled(cancellation: Cancellation): Promise<never> {
  return new Promise((_resolve, fail) => cancellation.onCancel(fail));
}

describe('an upgrade', () => {
  it('is answered with 101 and the selected subprotocol alone, never with the first offer', async () => {
    await using fixture = await start();
    fixture.host.protocol = 'wsc.v1.json';
    await using client = await RawClient.connect(fixture.port);
    const answer = await client.open('/ws?device_id=d1', { 'Sec-WebSocket-Protocol': 'bearer.a.b.c, wsc.v1.json' });
    expect(answer.headers.get('sec-websocket-accept')).toBe('s3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    expect(answer.headers.get('sec-websocket-protocol')).toBe('wsc.v1.json');
    expect(answer.headers.has('sec-websocket-extensions')).toBe(false);
    const asked = fixture.host.asked[0]?.request;
    expect(asked).toMatchObject({
      path: '/ws',
      peerAddress: '127.0.0.1',
      offeredProtocols: ['bearer.a.b.c', 'wsc.v1.json'],
    });
    expect(asked?.query.get('device_id')).toBe('d1');
    fixture.host.protocol = undefined;
    await using other = await RawClient.connect(fixture.port);
    expect(
      (await other.open('/ws', { 'Sec-WebSocket-Protocol': 'bearer.a.b.c' })).headers.has('sec-websocket-protocol'),
    ).toBe(false);
  });

  it('lets go of the HTTP request once the connection is open', async () => {
    await using fixture = await start();
    let rawWhileAsked: unknown;
    fixture.host.decide = (request) => Promise.resolve().then(() => void (rawWhileAsked = request.raw));
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    expect(rawWhileAsked).toHaveProperty('httpVersion', '1.1');
    client.write(clientFrame('x'));
    await new Promise((resolve) => (fixture.host.owner.onReceive = resolve));
    expect(fixture.host.asked[0]?.request.raw).toBeUndefined();
  });

  const key = 'Sec-WebSocket-Key';
  it.each([
    ['without a key', { [key]: '' }, 400],
    ['with a key that is not 16 bytes', { [key]: 'c2hvcnQ=' }, 400],
    ['with two keys', { [key]: 'dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' }, 400],
    ['with an old version', { 'Sec-WebSocket-Version': '8' }, 426],
    ['without a version', { 'Sec-WebSocket-Version': '' }, 426],
    ['without a Host', { Host: '' }, 400],
    ['with two Hosts', { Host: 'a\r\nHost: b' }, 400],
    ['with a body', { 'Content-Length': '5' }, 400],
    ['with a Transfer-Encoding', { 'Transfer-Encoding': 'chunked' }, 400],
    ['to another protocol', { Upgrade: 'h2c' }, 400],
    ['with a broken list of subprotocols', { 'Sec-WebSocket-Protocol': 'a,,b' }, 400],
    ['with a subprotocol twice', { 'Sec-WebSocket-Protocol': 'a, a' }, 400],
  ])('%s is refused before the gate is asked', async (_, headers, status) => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText('/ws', headers));
    const answer = await client.answer();
    expectRefusal(answer, status);
    if (status === 426) expect(answer.headers.get('sec-websocket-version')).toBe('13');
    await client.ended;
    expect(fixture.host.asked).toHaveLength(0);
    expect(fixture.transport.stats.refusedUpgrades).toBe(1);
  });

  it('is answered although its client goes on sending', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText('/ws', { [key]: '' }));
    client.write(Buffer.alloc(8 * 1024 * 1024));
    client.end();
    expectRefusal(await client.answer(), 400);
    await client.closed;
    expect(client.wasReset).toBe(false);
  });

  it.each(['GET /ws HTTP/1.0', 'POST /ws HTTP/1.1'])('as "%s" is refused', async (line) => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText('/ws', {}, line));
    expectRefusal(await client.answer(), 400);
  });

  it('is understood with an absolute target', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText('', {}, 'GET http://localhost/ws?token=t HTTP/1.1'));
    expect((await client.answer()).status).toBe(101);
    expect(fixture.host.asked[0]?.request.query.get('token')).toBe('t');
  });

  it('that the gate refuses gets its status, body and headers, without what would break the answer', async () => {
    await using fixture = await start();
    fixture.host.decide = () => Promise.reject(refuse.tooManyRequests('Too many connections.', 7));
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    const answer = await client.answer();
    expectRefusal(answer, 429);
    expect(answer.headers.get('retry-after')).toBe('7');
    fixture.host.decide = () =>
      Promise.reject(
        new HandshakeRefusal(403, 'No.', {
          headers: { 'X-Why': 'a\r\nX-Forged: 1', 'bad name': 'x', 'content-length': '1' },
        }),
      );
    await using other = await RawClient.connect(fixture.port);
    other.write(upgradeText());
    const second = await other.answer();
    expectRefusal(second, 403);
    expect([...second.headers.keys()]).not.toEqual(expect.arrayContaining(['x-forged']));
  });

  it.each([4003, 99, 101, 200, 403.5, NaN])('that is refused with the status %s is a 500', async (status) => {
    await using fixture = await start();
    fixture.host.decide = () => Promise.reject(new HandshakeRefusal(status, 'No.'));
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    expectRefusal(await client.answer(), 500);
  });

  it('is cut where not even the refusal can be read, and nothing else is hurt', async () => {
    class Broken extends HandshakeRefusal {
      override get body(): never {
        throw new Error('broken');
      }
    }
    const failingLogger = new MemoryLogger();
    failingLogger.error = () => {
      throw new Error('The log is gone.');
    };
    await using fixture = await start({ logger: failingLogger });
    for (const thrown of [new Broken(403, 'No.'), new Error('to the log')]) {
      fixture.host.decide = () => Promise.reject(thrown);
      await using client = await RawClient.connect(fixture.port);
      client.write(upgradeText());
      await client.ended;
      await using asking = await RawClient.connect(fixture.port);
      asking.write('GET /ws HTTP/1.1\r\nHost: a\r\n\r\n');
      await asking.ended;
    }
    fixture.host.decide = () => Promise.resolve();
    await using neighbour = await RawClient.connect(fixture.port);
    await neighbour.open();
  });

  it('that fails inside is a 500 that says nothing, and the log has the cause', async () => {
    await using fixture = await start();
    fixture.host.decide = () => Promise.reject(new Error('secret database name'));
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    const answer = await client.answer();
    expectRefusal(answer, 500);
    expect(answer.body).not.toContain('secret');
    expect(logger.messages('error')).toContain('A handshake failed.');
  });

  it('whose subprotocol has no codec is a 500 and keeps no place', async () => {
    await using fixture = await start();
    fixture.host.protocol = 'unheard.of';
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText('/ws', { 'Sec-WebSocket-Protocol': 'unheard.of' }));
    expectRefusal(await client.answer(), 500);
    expect(fixture.host.reservedCount).toBe(0);
  });

  it('that opens into an error is cut, and neighbours go on', async () => {
    await using fixture = await start();
    fixture.host.onOpen = () => {
      throw new Error('broken');
    };
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    await client.ended;
    fixture.host.onOpen = undefined;
    fixture.host.owners.length = 0;
    await using neighbour = await RawClient.connect(fixture.port);
    await neighbour.open();
  });
});

describe('while an upgrade is decided', () => {
  it('early frames are kept and reach the connection in order', async () => {
    await using fixture = await start();
    let letIn: () => void = () => undefined;
    fixture.host.decide = () => new Promise((resolve) => (letIn = resolve));
    await using client = await RawClient.connect(fixture.port);
    const asked = fixture.host.nextAsked();
    client.write(Buffer.concat([Buffer.from(upgradeText()), clientFrame('with the request')]));
    await asked;
    client.write(clientFrame('while it waits'));
    const last = new Promise((resolve) => {
      fixture.host.onOpen = (owner) => (owner.onReceive = (text) => text === 'after' && resolve(undefined));
    });
    letIn();
    expect((await client.answer()).status).toBe(101);
    client.write(clientFrame('after'));
    await last;
    expect(fixture.host.owner.received.slice(0, 2)).toEqual(['with the request', 'while it waits']);
  });

  it('a client that resets aborts it, and its place is given back', async () => {
    await using fixture = await start();
    const aborted = new Promise<void>((resolve) => {
      fixture.host.decide = (_, cancellation) =>
        new Promise((letIn) =>
          cancellation.onCancel(() => {
            letIn();
            resolve();
          }),
        );
    });
    await using client = await RawClient.connect(fixture.port);
    const asked = fixture.host.nextAsked();
    client.write(upgradeText());
    await asked;
    client.reset();
    await aborted;
    await new Promise(setImmediate);
    expect(fixture.host.reservedCount).toBe(0);
    expect(fixture.host.owners).toHaveLength(0);
  });

  it('a client that has ended its side still gets its answer', async () => {
    await using fixture = await start();
    const ended = new Promise((resolve) => {
      fixture.server.once('connection', (socket: Duplex) => socket.once('end', resolve));
    });
    fixture.host.decide = (_, cancellation) =>
      new Promise((_resolve, fail) => {
        cancellation.onCancel((reason) => fail(refuse.internal(reason)));
        void ended.then(() => fail(refuse.unauthorized('No token.')));
      });
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    client.end();
    expectRefusal(await client.answer(), 401);
    await client.closed;
  });

  it('a client that has ended its side and waits too long is given up', async () => {
    await using fixture = await start();
    fixture.host.decide = (_, cancellation) => untilCancelled(cancellation);
    await using client = await RawClient.connect(fixture.port);
    client.write(upgradeText());
    client.end();
    expectRefusal(await client.answer(), 400);
    expect(fixture.host.reservedCount).toBe(0);
  });

  it('closing the transport refuses it with 503', async () => {
    await using fixture = await start();
    fixture.host.decide = (_, cancellation) => untilCancelled(cancellation);
    await using client = await RawClient.connect(fixture.port);
    const asked = fixture.host.nextAsked();
    client.write(upgradeText());
    await asked;
    await fixture.transport.close();
    const answer = await client.answer();
    expectRefusal(answer, 503);
    expect(answer.headers.get('retry-after')).toBe('1');
    expect(fixture.server.listenerCount('upgrade')).toBe(0);
  });
});

describe('an upgrade on a foreign path', () => {
  it('gets a 404 where ours is the only upgrade listener', async () => {
    await using fixture = await start();
    for (const path of ['/other', '/ws/deeper', '*']) {
      await using client = await RawClient.connect(fixture.port);
      client.write(upgradeText(path));
      expectRefusal(await client.answer(), 404);
    }
    expect(fixture.host.asked).toHaveLength(0);
  });

  it('is left untouched to other listeners, which go on working', async () => {
    await using fixture = await start();
    fixture.server.on('upgrade', (request: IncomingMessage, socket: Duplex) => {
      if (request.url === '/other') socket.end('HTTP/1.1 101 Switching Protocols\r\n\r\nhello');
    });
    await using foreign = await RawClient.connect(fixture.port);
    foreign.write(upgradeText('/other'));
    await foreign.ended;
    const { status, rest } = await foreign.answer();
    expect([status, rest.toString()]).toEqual([101, 'hello']);
    await using ours = await RawClient.connect(fixture.port);
    await ours.open();
    expect(fixture.host.owners).toHaveLength(1);
  });

  it('is refused or left alone where the application says so', async () => {
    await using refusing = await start({ foreignPaths: 'refuse' });
    refusing.server.on('upgrade', () => undefined);
    await using client = await RawClient.connect(refusing.port);
    client.write(upgradeText('/other'));
    expectRefusal(await client.answer(), 404);
    await using ignoring = await start({ foreignPaths: 'ignore' });
    const seen = once(ignoring.server, 'upgrade');
    await using other = await RawClient.connect(ignoring.port);
    other.write(upgradeText('/other'));
    const [, socket] = (await seen) as [IncomingMessage, Duplex];
    expect(socket.writableEnded).toBe(false);
    socket.destroy();
  });
});
