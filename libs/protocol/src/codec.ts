import type { ClientEnvelope, EnvelopeForm, ServerEnvelope } from './envelopes.js';
import { WscError, type ErrorName, type WscErrorOptions } from './errors.js';

/** How much structure a received envelope may have. `0` turns a limit off. */
export interface DecodeLimits {
  /** Nesting of objects and arrays in the envelope. @default 32 */
  readonly maxDepth: number;
  /** Object keys in the whole envelope. @default 1000 */
  readonly maxKeys: number;
}

export const defaultDecodeLimits: DecodeLimits = Object.freeze({ maxDepth: 32, maxKeys: 1000 });

/**
 * Turns envelopes into what a transport carries, and back: the server's side.
 * A dialect is a codec too: it maps envelopes and holds no behaviour.
 */
export interface ServerCodec {
  /** The subprotocol that selects it, for example `wsc.v1.json`. */
  readonly subprotocol: string;
  /** Whether it speaks in binary messages. */
  readonly isBinary: boolean;
  /** Whether a peer that selected it can ack from the start (decision: others can once they have sent a typed envelope). */
  readonly canAck: boolean;
  /** @throws {DecodeError} and nothing else, whatever the bytes. */
  decode(payload: string | Uint8Array, limits: DecodeLimits): ClientEnvelope;
  /** @throws {TypeError} where `data` can't be written (a cycle, a BigInt). */
  encode(envelope: ServerEnvelope): string | Uint8Array;
}

/** The client's side of a codec. */
export interface ClientCodec {
  readonly subprotocol: string;
  readonly isBinary: boolean;
  /** @throws {DecodeError} and nothing else. */
  decode(payload: string | Uint8Array): ServerEnvelope;
  encode(envelope: ClientEnvelope): string | Uint8Array;
}

/** A received envelope is not one, or breaks a rule. Knows what to correlate the answer with, where that could be read. */
export class DecodeError extends WscError {
  /** The form to answer in. */
  readonly form: EnvelopeForm;
  readonly event: string | undefined;
  readonly requestId: string | undefined;

  constructor(
    error: Extract<ErrorName, 'WSC_INVALID_ENVELOPE' | 'WSC_INVALID_NAME'>,
    options: WscErrorOptions & { readonly form?: EnvelopeForm; readonly event?: string; readonly requestId?: string },
  ) {
    super(error, options);
    this.form = options.form ?? 'wsc';
    this.event = options.event;
    this.requestId = options.requestId;
  }
}
