import { constants, deflateRawSync } from 'node:zlib';
import type { ServerCodec, ServerEnvelope } from '@nest-wsc/protocol';
import type { EncodeOptions, Encoding, LinkBytes } from '../../core/ports/transport.js';
import { frameBytes, frameText, frameTextForOne, opcodes, type Opcode } from './framing.js';

/** Turns a whole payload into a compressed one (RFC 7692 §7.2.1). */
export type Deflate = (payload: Uint8Array) => Uint8Array;

/** Below, compressing costs more than it saves; above, it would hold the event loop for everybody. */
const minDeflateBytes = 1024;
const maxDeflateBytes = 64 * 1024;
/** The empty block that a sync flush ends with; a compressed message leaves it out (RFC 7692 §7.2.1). */
const syncFlushTailLength = 4;

/**
 * Compresses without context take-over, so that the result is the same for every receiver.
 * Synchronously: a broadcast must not be overtaken by what is sent after it.
 */
export function deflateMessage(payload: Uint8Array): Uint8Array {
  const deflated = deflateRawSync(payload, { finishFlush: constants.Z_SYNC_FLUSH });
  return deflated.subarray(0, deflated.length - syncFlushTailLength);
}

/** A codec in WebSocket frames, with or without permessage-deflate. Broadcasts are compressed once; all else travels plain. */
export class FrameEncoding implements Encoding {
  readonly codec: ServerCodec;
  readonly #opcode: Opcode;
  readonly #deflate: Deflate | undefined;

  /** @param deflate absent: nothing is ever compressed. */
  constructor(codec: ServerCodec, deflate?: Deflate) {
    this.codec = codec;
    this.#opcode = codec.isBinary ? opcodes.binary : opcodes.text;
    this.#deflate = deflate;
  }

  encode(envelope: ServerEnvelope, options: EncodeOptions): Buffer {
    const payload = this.codec.encode(envelope);
    if (typeof payload === 'string' && !(options.isBroadcast && this.#deflate) && !this.codec.isBinary)
      return frameText(payload);
    return this.#frame(typeof payload === 'string' ? Buffer.from(payload) : payload, this.#opcode, options);
  }

  encodeForOne(envelope: ServerEnvelope): LinkBytes {
    const payload = this.codec.encode(envelope);
    if (typeof payload === 'string' && !this.codec.isBinary) return frameTextForOne(payload);
    return frameBytes(typeof payload === 'string' ? Buffer.from(payload) : payload, this.#opcode);
  }

  /** One binary message, whatever the codec. */
  encodeRaw(payload: Uint8Array, options: EncodeOptions): Buffer {
    return this.#frame(payload, opcodes.binary, options);
  }

  #frame(payload: Uint8Array, opcode: Opcode, { isBroadcast }: EncodeOptions): Buffer {
    const mayPay = isBroadcast && payload.length >= minDeflateBytes && payload.length <= maxDeflateBytes;
    if (this.#deflate === undefined || !mayPay) return frameBytes(payload, opcode);
    const deflated = this.#deflate(payload);
    return deflated.length < payload.length ? frameBytes(deflated, opcode, true) : frameBytes(payload, opcode);
  }
}

/** The encodings of one transport: one object per codec and compression, so that connections of a class share bytes. */
export class EncodingTable {
  readonly #plain = new Map<ServerCodec, FrameEncoding>();
  readonly #deflated = new Map<ServerCodec, FrameEncoding>();

  encodingFor(codec: ServerCodec, isDeflated: boolean): FrameEncoding {
    const table = isDeflated ? this.#deflated : this.#plain;
    let encoding = table.get(codec);
    if (encoding === undefined) {
      encoding = new FrameEncoding(codec, isDeflated ? deflateMessage : undefined);
      table.set(codec, encoding);
    }
    return encoding;
  }
}
