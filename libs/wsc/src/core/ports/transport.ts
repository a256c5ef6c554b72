import type { CloseCode, ServerCodec, ServerEnvelope } from '@nest-wsc/protocol';

/**
 * Bytes for a link: a Buffer that many links may share, or, of what only one gets, a string of one character per byte
 * (`latin1`). Such strings are joined and written without a Buffer, which costs more than all else about a small answer.
 */
export type LinkBytes = Buffer | string;

/** The same bytes as a Buffer: not to be changed, since it may be the one that was given. */
export function toBuffer(bytes: LinkBytes): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}

/**
 * One way of putting envelopes into bytes on a link: codec × framing × compression. Connections with the same
 * `Encoding` object share every encoded message, so a transport keeps one object per class, not per connection.
 */
export interface Encoding {
  readonly codec: ServerCodec;
  /**
   * The bytes of one envelope, ready to be written as they are and shared by every receiver.
   * @throws {TypeError} where the envelope's data can't be written.
   */
  encode(envelope: ServerEnvelope, options: EncodeOptions): Buffer;
  /**
   * The same for one receiver.
   * @throws {TypeError} where the envelope's data can't be written.
   */
  encodeForOne(envelope: ServerEnvelope): LinkBytes;
  /** The bytes of one message with an application's own payload (raw bytes API). */
  encodeRaw(payload: Uint8Array, options: EncodeOptions): Buffer;
}

/** What an encoding may want to know of a message. */
export interface EncodeOptions {
  /** Whether many receivers share it, so that compressing it once may pay. */
  readonly isBroadcast: boolean;
}

/**
 * One open link to a remote program, as the core sees it. Owned by the transport until {@link TransportLink.close} or `terminate`.
 * Promises: writes leave in the order in which they were made and are never cut into; `close` and `terminate` may be called
 * more than once; nothing here throws. Does not promise: that written bytes arrive.
 */
export interface TransportLink {
  /** Writes bytes, which others may share. Returns whether the link takes more; after `false` the transport calls `Connection.drained` once it does. */
  write(bytes: LinkBytes): boolean;
  /** Stops reading from the remote program; what was read before may still arrive. */
  pause(): void;
  resume(): void;
  /** Sends the transport's own ping, if it has one. */
  ping(): void;
  /** Starts the closing handshake behind everything written so far; cuts the link when it takes too long. */
  close(code: CloseCode): void;
  /** Cuts the link now. */
  terminate(): void;
}
