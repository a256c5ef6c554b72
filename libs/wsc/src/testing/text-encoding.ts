import type { ServerCodec, ServerEnvelope } from '@nest-wsc/protocol';
import type { Encoding } from '../core/ports/transport.js';

/** Writes each envelope as one line, so that a test can read what several of them became in one write. */
export class TextEncoding implements Encoding {
  readonly codec: ServerCodec;
  /** How often something was encoded: once per message and class, however many receivers. */
  encodeCount = 0;

  constructor(codec: ServerCodec) {
    this.codec = codec;
  }

  encode(envelope: ServerEnvelope): Buffer {
    this.encodeCount += 1;
    return Buffer.from(`${String(this.codec.encode(envelope))}\n`);
  }

  /** As bytes in a string, as a real encoding does. */
  encodeForOne(envelope: ServerEnvelope): string {
    return this.encode(envelope).toString('latin1');
  }

  encodeRaw(payload: Uint8Array): Buffer {
    return Buffer.concat([payload, Buffer.from('\n')]);
  }
}
