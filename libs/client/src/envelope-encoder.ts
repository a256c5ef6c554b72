import { WscError, type ClientCodec, type ClientEnvelope } from '@nest-wsc/protocol';
import type { Outgoing } from './offline-queue.js';

/** Encodes once, when the message is given: what the caller changes later has no effect. */
export class EnvelopeEncoder {
  readonly #codec: ClientCodec;
  readonly #utf8 = new TextEncoder();

  constructor(codec: ClientCodec) {
    this.#codec = codec;
  }

  /** @throws {WscError} WSC_VALIDATION_FAILED where the data can't be written (a cycle, a BigInt) */
  encode(envelope: ClientEnvelope): Pick<Outgoing, 'payload' | 'bytes'> {
    const payload = this.#encode(envelope);
    return { payload, bytes: typeof payload === 'string' ? this.#utf8.encode(payload).byteLength : payload.byteLength };
  }

  #encode(envelope: ClientEnvelope): string | Uint8Array<ArrayBuffer> {
    try {
      const payload = this.#codec.encode(envelope);
      // Sockets take no view of shared memory.
      return typeof payload === 'string' ? payload : new Uint8Array(payload);
    } catch (cause) {
      throw new WscError('WSC_VALIDATION_FAILED', {
        message: 'The data can not be encoded.',
        cause,
        details: { outcome: 'failed' },
      });
    }
  }
}
