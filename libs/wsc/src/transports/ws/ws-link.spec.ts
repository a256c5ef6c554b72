import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { deflateRawSync } from 'node:zlib';
import { closeCodes, type ServerEnvelope } from '@nest-wsc/protocol';
import { WebSocket } from 'ws';
import { MemoryLogger } from '../../testing/memory-logger.js';
import { frameText } from './framing.js';
import { clientFrame, closeFrame, RawClient } from './raw-client.fixture.js';
import { TransportFixture, type RecordingOwner } from './scripted-host.fixture.js';
import type { WsTransportOptions } from './ws-transport.js';

const logger = new MemoryLogger();
const start = (options: Partial<WsTransportOptions> = {}): Promise<TransportFixture> =>
  TransportFixture.start({ logger, ...options });

function nextReceived(owner: RecordingOwner): Promise<string> {
  return new Promise((resolve) => (owner.onReceive = resolve));
}

/** V8 does not promise to take all garbage at once. */
async function collectGarbage(): Promise<void> {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc()');
  await new Promise(setImmediate);
}

describe('a message', () => {
  it('reaches the connection as bytes, text or binary, fragmented or not', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    client.write(clientFrame('héllo'));
    expect(await nextReceived(owner)).toBe('héllo');
    client.write(clientFrame('raw', { opcode: 2 }));
    expect(await nextReceived(owner)).toBe('raw');
    client.write(clientFrame('in ', { isFinal: false }));
    client.write(clientFrame('p', { opcode: 9 }));
    client.write(clientFrame('two', { opcode: 0 }));
    expect(await nextReceived(owner)).toBe('in two');
  });

  it.each([
    ['with reserved bits', clientFrame('x', { reservedBits: 0x70 }), 1002],
    ['with an unknown opcode', clientFrame('x', { opcode: 3 }), 1002],
    ['without a mask', clientFrame('x', { isMasked: false }), 1002],
    ['that is a fragmented control frame', clientFrame('x', { opcode: 9, isFinal: false }), 1002],
    ['that is too long a control frame', clientFrame('x'.repeat(126), { opcode: 9 }), 1002],
    ['that goes on with nothing begun', clientFrame('x', { opcode: 0 }), 1002],
    ['with a close code that may not be sent', closeFrame(1005), 1002],
    ['with text that is not UTF-8', clientFrame(new Uint8Array([0xc3, 0x28])), 1007],
    [
      'with a close reason that is not UTF-8',
      Buffer.concat([Buffer.from([0x88, 0x84, 0, 0, 0, 0, 3, 0xe8, 0xc3, 0x28])]),
      1007,
    ],
    ['over the limit', clientFrame('x'.repeat(2_000)), 1009],
    [
      'over the limit in pieces',
      Buffer.concat([clientFrame('x'.repeat(900), { isFinal: false }), clientFrame('x'.repeat(900), { opcode: 0 })]),
      1009,
    ],
    ['that announces 2^62 bytes', Buffer.from([0x82, 0xff, 0x40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]), 1009],
  ])('%s closes its own connection and no other', async (_, bytes, code) => {
    await using fixture = await start({ maxPayload: () => 1_000 });
    await using neighbour = await RawClient.connect(fixture.port);
    await neighbour.open();
    const { owner: neighbourOwner } = fixture.host;
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    client.write(bytes);
    const frame = await client.frame();
    expect(frame.opcode).toBe(8);
    expect(frame.payload.readUInt16BE()).toBe(code);
    await client.ended;
    client.end();
    expect(await fixture.host.owners[1]?.closing).toHaveProperty('code', code);
    expect(fixture.transport.stats.protocolErrors).toBe(1);
    neighbour.write(clientFrame('still here'));
    expect(await nextReceived(neighbourOwner)).toBe('still here');
  });

  it('that makes its connection throw closes it with 1011', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    fixture.host.owner.onReceive = () => {
      throw new Error('broken');
    };
    client.write(clientFrame('x'));
    const frame = await client.frame();
    expect([frame.opcode, frame.payload.readUInt16BE()]).toEqual([8, 1011]);
    expect(logger.messages('error')).toContain('A connection failed; it is closed.');
  });
});

describe('writing', () => {
  it('leaves in order, pongs between whole frames', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { link } = fixture.host.owner;
    expect(link.write(frameText('one'))).toBe(true);
    client.write(clientFrame('ping', { opcode: 9 }));
    link.ping();
    link.write(Buffer.concat([frameText('two'), frameText('three')]));
    const frames = [
      await client.frame(),
      await client.frame(),
      await client.frame(),
      await client.frame(),
      await client.frame(),
    ];
    const texts = frames.map((frame) => `${String(frame.opcode)}:${frame.payload.toString()}`);
    expect(texts.filter((text) => text.startsWith('1:'))).toEqual(['1:one', '1:two', '1:three']);
    expect(texts).toEqual(expect.arrayContaining(['9:', '10:ping']));
  });

  it('says when the link takes no more, and tells the connection once it does again', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    client.pause();
    const { owner } = fixture.host;
    const chunk = frameText('x'.repeat(1024 * 1024));
    let count = 1;
    while (owner.link.write(chunk)) count += 1;
    expect(owner.drainedCount).toBe(0);
    const drained = new Promise<void>((resolve) => (owner.onDrained = resolve));
    client.resume();
    await drained;
    for (let index = 0; index < count; index += 1) expect((await client.frame()).payload).toHaveLength(1024 * 1024);
    expect(owner.link.write(frameText('more'))).toBe(true);
    expect((await client.frame()).payload.toString()).toBe('more');
  });

  it('after the end is nothing, and throws nothing', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    client.reset();
    await owner.closing;
    expect(owner.link.write(frameText('late'))).toBe(true);
    owner.link.ping();
    owner.link.pause();
    owner.link.resume();
    owner.link.close(closeCodes.normal);
    owner.link.terminate();
    expect(owner.closedCount).toBe(1);
  });
});

describe('pings of a client', () => {
  it('that come together get one pong, for the newest', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    client.write(
      Buffer.concat([clientFrame('first', { opcode: 9 }), clientFrame('newest', { opcode: 9 }), clientFrame('end')]),
    );
    await nextReceived(fixture.host.owner);
    fixture.host.owner.link.write(frameText('marker'));
    expect((await client.frame()).payload.toString()).toBe('newest');
    expect((await client.frame()).payload.toString()).toBe('marker');
    expect(fixture.host.owner.touchCount).toBe(2);
  });

  it('that never reads take no memory', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    client.pause();
    const { owner } = fixture.host;
    while (owner.link.write(frameText('x'.repeat(1024 * 1024))));
    await collectGarbage();
    const heldBytes = () => process.memoryUsage().arrayBuffers;
    const mostBytes = heldBytes() + 8 * 1024 * 1024;
    // 125 bytes each, so 100,000 pongs would be 12.7 MB.
    const pings = Buffer.concat(
      Array.from({ length: 1_000 }, (_, index) => clientFrame(String(index).padEnd(125), { opcode: 9 })),
    );
    for (let round = 0; round < 100; round += 1) client.write(pings);
    client.write(clientFrame('end'));
    await nextReceived(owner);
    expect(owner.touchCount).toBe(100_000);
    for (let turn = 0; turn < 20 && heldBytes() > mostBytes; turn += 1) await collectGarbage();
    expect(heldBytes()).toBeLessThanOrEqual(mostBytes);
    const drained = new Promise<void>((resolve) => (owner.onDrained = resolve));
    client.resume();
    await drained;
    owner.link.write(frameText('marker'));
    const pongs: string[] = [];
    for (let frame = await client.frame(); frame.payload.toString() !== 'marker'; frame = await client.frame()) {
      if (frame.opcode === 10) pongs.push(frame.payload.toString().trim());
    }
    expect(pongs).toEqual(['999']);
  });
});

describe('a link that is paused', () => {
  it('holds messages back and loses none', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    owner.link.pause();
    await using neighbour = await RawClient.connect(fixture.port);
    await neighbour.open();
    client.write(clientFrame('one'));
    client.write(clientFrame('two'));
    neighbour.write(clientFrame('later'));
    await nextReceived(fixture.host.owners[1] ?? owner);
    expect(owner.received).toEqual([]);
    owner.link.resume();
    await nextReceived(owner);
    if (owner.received.length < 2) await nextReceived(owner);
    expect(owner.received).toEqual(['one', 'two']);
  });

  it('still closes cleanly', async () => {
    await using fixture = await start();
    const accepted = once(fixture.server, 'connection') as Promise<[Duplex]>;
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    owner.link.pause();
    owner.link.close(closeCodes.serviceRestart);
    await client.frame();
    client.write(closeFrame(1012));
    await client.ended;
    client.end();
    expect(await owner.closing).toMatchObject({ code: 1012 });
    const [socket] = await accepted;
    // Read to its end, where the cut after 2 s leaves off.
    expect(socket.readableEnded).toBe(true);
  });
});

describe('closing', () => {
  it('goes out behind everything written, with its code and reason', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    owner.link.write(frameText('last words'));
    owner.link.close(closeCodes.kicked);
    owner.link.close(closeCodes.normal);
    owner.link.write(frameText('too late'));
    expect((await client.frame()).payload.toString()).toBe('last words');
    const frame = await client.frame();
    expect([frame.opcode, frame.payload.readUInt16BE(), frame.payload.toString('utf8', 2)]).toEqual([
      8,
      4503,
      'kicked',
    ]);
    client.write(closeFrame(4503, 'kicked'));
    await client.ended;
    client.end();
    expect(await owner.closing).toEqual({ code: 4503, reason: 'kicked' });
  });

  it.each([
    ['code', { code: 1006, reason: '' }],
    ['reason', { code: 4100, reason: 'x'.repeat(130) }],
  ])('with a %s that can not be sent cuts the link instead of throwing', async (_, code) => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    owner.link.close(code);
    owner.link.close(code);
    expect(await owner.closing).toHaveProperty('code', 1006);
    expect(logger.messages('error')).toContain('A connection could not be closed; it is cut.');
  });

  it('by the client is answered and told', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    client.write(closeFrame(1001, 'bye'));
    expect((await client.frame()).payload.readUInt16BE()).toBe(1001);
    await client.ended;
    client.end();
    expect(await fixture.host.owner.closing).toEqual({ code: 1001, reason: 'bye' });
  });

  it.each([
    ['does not answer', () => undefined],
    ['reads nothing', (client: RawClient) => client.pause()],
    ['has only ended its side', (client: RawClient) => client.end()],
  ])('cuts a client that %s', async (_, misbehave) => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    misbehave(client);
    while (owner.link.write(frameText('x'.repeat(1024 * 1024))));
    owner.link.close(closeCodes.slowConsumer);
    // After 2 s at most; by itself `ws` would take 30 s, longer than the test may.
    expect(await owner.closing).toHaveProperty('code', 1006);
  });

  it('happens by itself where a client ends its side without a close frame and reads nothing', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    await client.open();
    const { owner } = fixture.host;
    client.pause();
    while (owner.link.write(frameText('x'.repeat(1024 * 1024))));
    client.end();
    expect(await owner.closing).toHaveProperty('code', 1006);
  });
});

describe('permessage-deflate', () => {
  const offer = { 'Sec-WebSocket-Extensions': 'permessage-deflate; client_max_window_bits' };
  const news: ServerEnvelope = { type: 'notify', event: 'news', id: 'm1', data: 'x'.repeat(5_000), timestamp: 0 };
  const encodeNews = ({ encoding }: RecordingOwner): Buffer => encoding.encode(news, { isBroadcast: true });

  it('is not offered unless it is asked for', async () => {
    await using fixture = await start();
    await using client = await RawClient.connect(fixture.port);
    expect((await client.open('/ws', offer)).headers.has('sec-websocket-extensions')).toBe(false);
    expect(encodeNews(fixture.host.owner).length).toBeGreaterThan(5_000);
  });

  it('gives all who negotiated it one encoding, whose broadcasts a real client reads', async () => {
    await using fixture = await start({ compression: true });
    const url = `ws://127.0.0.1:${String(fixture.port)}/ws`;
    const clients = [new WebSocket(url), new WebSocket(url), new WebSocket(url, { perMessageDeflate: false })];
    await Promise.all(clients.map((client) => once(client, 'open')));
    expect(new Set(fixture.host.owners.map((owner) => owner.encoding)).size).toBe(2);
    const messages = Promise.all(clients.map((client) => once(client, 'message')));
    for (const owner of fixture.host.owners) owner.link.write(encodeNews(owner));
    for (const [data] of await messages)
      expect(JSON.parse(String(data))).toMatchObject({ event: 'news', data: 'x'.repeat(5_000) });
    const received = nextReceived(fixture.host.owners[0] ?? fixture.host.owner);
    const [talker] = clients;
    talker?.send('y'.repeat(5_000), { compress: true });
    await received.catch(() => undefined);
    for (const client of clients) client.terminate();
  });

  it('promises no context take-over, and gives a client with a smaller window plain messages', async () => {
    await using fixture = await start({ compression: true });
    await using client = await RawClient.connect(fixture.port);
    const small = { 'Sec-WebSocket-Extensions': 'permessage-deflate; server_max_window_bits=9' };
    const answer = await client.open('/ws', small);
    expect(answer.headers.get('sec-websocket-extensions')).toContain('server_no_context_takeover');
    expect(answer.headers.get('sec-websocket-extensions')).toContain('client_no_context_takeover');
    expect(encodeNews(fixture.host.owner).length).toBeGreaterThan(5_000);
  });

  it('with an offer that makes no sense is refused with 400 and JSON', async () => {
    await using fixture = await start({ compression: true });
    await using client = await RawClient.connect(fixture.port);
    await expect(client.open('/ws', { 'Sec-WebSocket-Extensions': 'permessage-deflate; nonsense' })).rejects.toThrow(
      /400 \{"statusCode":400/,
    );
    expect(fixture.host.reservedCount).toBe(0);
  });

  it('closes on a bomb with 1009 and on garbage with 1007', async () => {
    await using fixture = await start({ compression: true });
    const bomb = deflateRawSync(Buffer.alloc(50 * 1024 * 1024), { finishFlush: 2 });
    for (const [payload, code] of [
      [bomb.subarray(0, -4), 1009],
      [Buffer.alloc(64, 0xff), 1007],
    ] as const) {
      await using client = await RawClient.connect(fixture.port);
      await client.open('/ws', offer);
      client.write(clientFrame(payload, { reservedBits: 0x40 }));
      expect((await client.frame()).payload.readUInt16BE()).toBe(code);
      await client.ended;
      client.end();
      expect(await fixture.host.owners.at(-1)?.closing).toHaveProperty('code', code);
    }
  });
});
