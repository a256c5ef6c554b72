import type { ClientEnvelope, EnvelopeForm, ServerEnvelope } from './envelopes.js';
import { WscError, type ErrorName, type WscErrorOptions } from './errors.js';

/** How much structure a received envelope may have. `0` turns a limit off. */
export interface DecodeLimits {
  /** Nesting of objects and arrays, the envelope itself being the first level. @default 32 */
  readonly maxDepth: number;
  /** Object keys in the whole envelope. @default 1000 */
  readonly maxKeys: number;
}

/** The limits of a server that was not told otherwise (PROTOCOL.md §1.4). */
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
  /**
   * Whether its peers can ack at all. Where they can, a connection counts as able once it has offered the subprotocol
   * or has sent a typed envelope (PROTOCOL.md §2.4); in dialects it never does.
   */
  readonly canAck: boolean;
  /** @throws {DecodeError} and nothing else, whatever the bytes. */
  decode(payload: string | Uint8Array, limits: DecodeLimits): ClientEnvelope;
  /** @throws {TypeError} where `data` can't be written (a cycle, a BigInt). */
  encode(envelope: ServerEnvelope): string | Uint8Array;
}

/** The client's side of a codec. */
export interface ClientCodec {
  /** The subprotocol that it offers, for example `wsc.v1.json`. */
  readonly subprotocol: string;
  /** Whether it speaks in binary messages. */
  readonly isBinary: boolean;
  /** @throws {DecodeError} and nothing else, whatever the bytes. */
  decode(payload: string | Uint8Array): ServerEnvelope;
  /** @throws {TypeError} where `data` can't be written (a cycle, a BigInt). */
  encode(envelope: ClientEnvelope): string | Uint8Array;
}

/** What can be wrong with a received envelope. */
export type DecodeErrorName = Extract<ErrorName, 'WSC_INVALID_ENVELOPE' | 'WSC_INVALID_NAME'>;

/** A received envelope is not one, or breaks a rule. Knows what to correlate the answer with, where that could be read. */
export class DecodeError extends WscError {
  /** The form to answer in. */
  readonly form: EnvelopeForm;
  /** The event, where it could be read and is a name. */
  readonly event: string | undefined;
  /** The request id, where it could be read and is one. */
  readonly requestId: string | undefined;

  constructor(
    error: DecodeErrorName,
    options: WscErrorOptions & { readonly form?: EnvelopeForm; readonly event?: string; readonly requestId?: string },
  ) {
    super(error, options);
    this.form = options.form ?? 'wsc';
    this.event = options.event;
    this.requestId = options.requestId;
  }
}
