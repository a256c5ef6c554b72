import { deflateRawSync } from 'node:zlib';
import { GatewayProcess } from './support/gateway-process.js';
import {
  connectAs,
  connectRawAs,
  endUnharmed,
  expectUnharmed,
  gatewayEnvironment,
  statsOf,
} from './support/gateway-users.js';
import { closeFrameOf, frameOf } from './support/raw-client.js';
import type { WscClient } from './support/wsc-client.js';

// Each start of a gateway takes many seconds on a busy machine.
jest.setTimeout(60_000);

const maxMessageBytes = 524_288;
const bombBytes = 200 * 1_048_576;
const deflate = { 'Sec-WebSocket-Extensions': 'permessage-deflate' } as const;
const compressedBit = 0x40;

describe('frames that break RFC 6455', () => {
  let gateway: GatewayProcess;
  let neighbour: WscClient;

  beforeAll(async () => {
    gateway = await GatewayProcess.start({ ...gatewayEnvironment, WSC_COMPRESSION: 'true' });
    neighbour = await connectAs(gateway, 'neighbour');
  });

  afterEach(async () => {
    expect(await neighbour.request('echo', 'undisturbed')).toMatchObject({ data: 'undisturbed' });
    await expectUnharmed(gateway);
  });

  afterAll(async () => {
    await neighbour.close();
    await endUnharmed(gateway);
  });

  it.each([
    ['with reserved bits', frameOf('{}', { reservedBits: 0x70 }), 1002],
    ['compressed, where that was not agreed', frameOf('{}', { reservedBits: compressedBit }), 1002],
    ['with an unknown opcode', frameOf('{}', { opcode: 3 }), 1002],
    ['with an unknown control opcode', frameOf('', { opcode: 11 }), 1002],
    ['without a mask', frameOf('{}', { isMasked: false }), 1002],
    ['a fragmented ping', frameOf('x', { opcode: 9, isFinal: false }), 1002],
    ['a ping of 126 bytes', frameOf('x'.repeat(126), { opcode: 9 }), 1002],
    ['that go on with nothing begun', frameOf('x', { opcode: 0 }), 1002],
    ['that begin anew in the middle', Buffer.concat([frameOf('a', { isFinal: false }), frameOf('b')]), 1002],
    ['a close of one byte', frameOf('x', { opcode: 8 }), 1002],
    ['a close with 1005', closeFrameOf(1005), 1002],
    ['a close with 999', closeFrameOf(999), 1002],
    ['a close with 2999', closeFrameOf(2999), 1002],
    ['a close whose reason is not UTF-8', closeFrameOf(1000, Buffer.from([0xc3, 0x28])), 1007],
    ['text that is not UTF-8', frameOf(Buffer.from([0xc3, 0x28])), 1007],
    ['text that ends in half a character', frameOf(Buffer.from([0x22, 0xe2, 0x82])), 1007],
    ['a message over the limit', frameOf('x'.repeat(maxMessageBytes + 1)), 1009],
    ['a binary message over the limit', frameOf('x'.repeat(maxMessageBytes + 1), { opcode: 2 }), 1009],
    ['that announce 2^62 bytes', Buffer.from('82ff400000000000000000000000', 'hex'), 1009],
    ['that announce 4 GiB', Buffer.from('81ff000000010000000000000000', 'hex'), 1009],
    [
      'pieces that together are over the limit',
      Buffer.concat([
        frameOf('x'.repeat(maxMessageBytes), { isFinal: false }),
        frameOf('x', { opcode: 0, isFinal: false }),
      ]),
      1009,
    ],
  ])('%s: the connection ends with its code, and no other', async (_, bytes, code) => {
    await using client = await connectRawAs(gateway, 'mallory');
    client.write(bytes);
    expect(await client.closeCode()).toBe(code);
    client.write(closeFrameOf(1000));
    await client.gone;
  });

  it('do not include a message of exactly the limit', async () => {
    await using client = await connectAs(gateway, 'mallory');
    const envelope = { type: 'request', event: 'echo', request_id: 'r', data: '' };
    const data = 'x'.repeat(maxMessageBytes - JSON.stringify(envelope).length);
    client.send({ ...envelope, data });
    expect(await client.hear({ request_id: 'r' })).toMatchObject({ type: 'response', data });
  });

  it('in endless pieces, each empty: the connection ends before they take memory', async () => {
    await using client = await connectRawAs(gateway, 'mallory');
    const pieces = Array.from({ length: 60_000 }, () => frameOf('', { opcode: 0, isFinal: false }));
    client.write(Buffer.concat([frameOf('{', { isFinal: false }), ...pieces]));
    expect(await client.closeCode()).toBe(1008);
  });

  it('cut off in the middle cost one connection', async () => {
    const client = await connectRawAs(gateway, 'mallory');
    client.write(frameOf('x'.repeat(1_000)).subarray(0, 500));
    await client[Symbol.asyncDispose]();
  });

  it('are read after a flood of pings, which is answered with little', async () => {
    await using client = await connectRawAs(gateway, 'mallory');
    client.write(Buffer.concat(Array.from({ length: 50_000 }, (_, index) => frameOf(`${index}`, { opcode: 9 }))));
    client.write(frameOf('{"type":"ping"}'));
    let pongs = 0;
    for (let frame = await client.frame(); !frame.payload.includes('"pong"'); frame = await client.frame())
      if (frame.opcode === 10) pongs += 1;
    expect(pongs).toBeLessThan(5_000);
  });

  it.each([
    ['bytes that are no deflate', Buffer.alloc(100, 0xff), 1007],
    ['a bomb of 200 MiB', deflateRawSync(Buffer.alloc(bombBytes)), 1009],
    ['a bomb of text', deflateRawSync(Buffer.from(`[${'[],'.repeat(maxMessageBytes)}[]]`)), 1009],
  ])('%s: the connection ends with its code, and memory stays bounded', async (_, payload, code) => {
    await expectUnharmed(gateway);
    const before = await gateway.peakMemoryBytes();
    const attacks = Array.from({ length: 8 }, async (__, index) => {
      await using client = await connectRawAs(gateway, `mallory-${index}`, deflate);
      client.write(frameOf(payload, { reservedBits: compressedBit }));
      expect(await client.closeCode()).toBe(code);
    });
    await Promise.all(attacks);
    // What eight times the limit leaves as garbage is far less than one of the eight bombs.
    expect((await gateway.peakMemoryBytes()) - before).toBeLessThan(bombBytes);
  });

  it('are counted as errors', async () => {
    expect((await statsOf(gateway))['errors']).toBeGreaterThan(10);
  });
});
