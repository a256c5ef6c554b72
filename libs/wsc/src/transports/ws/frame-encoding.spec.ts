import { inflateRawSync } from 'node:zlib';
import { jsonCodec, type ServerCodec, type ServerEnvelope } from '@nest-wsc/protocol';
import { toBuffer } from '../../core/ports/transport.js';
import { deflateMessage, EncodingTable, FrameEncoding } from './frame-encoding.js';
import { takeFrame } from './raw-client.fixture.js';

const broadcast = { isBroadcast: true };
const unicast = { isBroadcast: false };

function notifyOf(text: string): ServerEnvelope {
  return { type: 'notify', event: 'news', id: 'm1', data: text, timestamp: 0 };
}

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const oneOfEach: { readonly [T in ServerEnvelope['type']]: Extract<ServerEnvelope, { readonly type: T }> } = {
  welcome: {
    type: 'welcome',
    data: {
      ...{ protocol: 'wsc.v1', connectionId: 'c1', userId: 'Zoë', deviceId: 'd1', nodeId: 'n1', session: 's1' },
      ...{ pingIntervalMs: 25_000, maxMessageBytes: 65_536, serverTime: 0 },
    },
  },
  response: { type: 'response', form: 'wsc', requestId: 'r1', data: 'héllo 😀'.repeat(20), traceId, timestamp: 0 },
  error: { type: 'error', form: 'wsc', code: 403, error: 'WSC_FORBIDDEN', message: 'Nö.', traceId, timestamp: 0 },
  notify: { type: 'notify', event: 'news', id: 'm1', data: 'x'.repeat(20_000), timestamp: 0 },
  ping: { type: 'ping' },
  pong: { type: 'pong', timestamp: 0 },
  goodbye: { type: 'goodbye', data: { code: 1012, reason: 'service restart', reconnect: true } },
};

function countedDeflate(): { readonly deflate: (payload: Uint8Array) => Uint8Array; readonly count: () => number } {
  let count = 0;
  const deflate = (payload: Uint8Array): Uint8Array => {
    count += 1;
    return deflateMessage(payload);
  };
  return { deflate, count: () => count };
}

describe('an encoding with compression', () => {
  it('compresses a broadcast of 1 to 64 KiB once, and receivers can inflate it', () => {
    const { deflate, count } = countedDeflate();
    const envelope = notifyOf('héllo '.repeat(1_000));
    const frame = takeFrame(new FrameEncoding(jsonCodec, deflate).encode(envelope, broadcast))?.frame;
    expect(frame).toMatchObject({ opcode: 1, isFinal: true, isCompressed: true });
    const tail = Buffer.from([0, 0, 0xff, 0xff]);
    const inflated = inflateRawSync(Buffer.concat([frame?.payload ?? tail, tail]), { finishFlush: 2 });
    expect(frame?.payload.subarray(-4)).not.toEqual(tail);
    expect(inflated.toString()).toBe(jsonCodec.encode(envelope));
    expect(count()).toBe(1);
  });

  it('leaves plain what is for one receiver, small, huge, or grows by it', () => {
    const { deflate, count } = countedDeflate();
    const encoding = new FrameEncoding(jsonCodec, deflate);
    const isCompressed = (bytes: Buffer): boolean | undefined => takeFrame(bytes)?.frame.isCompressed;
    expect(isCompressed(encoding.encode(notifyOf('x'.repeat(5_000)), unicast))).toBe(false);
    expect(isCompressed(encoding.encodeRaw(Buffer.alloc(5_000), unicast))).toBe(false);
    expect(isCompressed(encoding.encode(notifyOf('x'.repeat(900)), broadcast))).toBe(false);
    expect(isCompressed(encoding.encode(notifyOf('x'.repeat(70_000)), broadcast))).toBe(false);
    expect(count()).toBe(0);
    const growing = new FrameEncoding(jsonCodec, (payload) => Buffer.concat([payload, Buffer.alloc(1)]));
    expect(isCompressed(growing.encodeRaw(Buffer.alloc(1_500), broadcast))).toBe(false);
  });
});

describe('an encoding', () => {
  it('puts text codecs into text messages, binary codecs and raw payloads into binary ones', () => {
    const binaryCodec: ServerCodec = { ...jsonCodec, isBinary: true, encode: () => new Uint8Array([1, 2]) };
    expect(takeFrame(new FrameEncoding(jsonCodec).encode(notifyOf('x'), broadcast))?.frame.opcode).toBe(1);
    expect(takeFrame(new FrameEncoding(binaryCodec).encode(notifyOf('x'), broadcast))?.frame.opcode).toBe(2);
    expect(takeFrame(new FrameEncoding(jsonCodec).encodeRaw(Buffer.from('x'), unicast))?.frame.opcode).toBe(2);
  });

  it.each(Object.values(oneOfEach))('gives one receiver the bytes that all would get: $type', (envelope) => {
    const encoding = new FrameEncoding(jsonCodec, deflateMessage);
    expect(toBuffer(encoding.encodeForOne(envelope))).toEqual(encoding.encode(envelope, unicast));
  });

  it('gives one receiver a Buffer where the codec is binary', () => {
    for (const payload of ['héllo', new Uint8Array([1, 2, 0xff])]) {
      const encoding = new FrameEncoding({ ...jsonCodec, isBinary: true, encode: () => payload });
      const bytes = encoding.encodeForOne(notifyOf('x'));
      expect(bytes).toBeInstanceOf(Buffer);
      expect(bytes).toEqual(encoding.encode(notifyOf('x'), unicast));
    }
  });

  it('is one object for all connections of a class', () => {
    const table = new EncodingTable();
    expect(table.encodingFor(jsonCodec, false)).toBe(table.encodingFor(jsonCodec, false));
    expect(table.encodingFor(jsonCodec, true)).toBe(table.encodingFor(jsonCodec, true));
    expect(table.encodingFor(jsonCodec, true)).not.toBe(table.encodingFor(jsonCodec, false));
  });
});
