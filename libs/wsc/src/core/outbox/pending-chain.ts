import type { LinkBytes } from '../ports/transport.js';
import { protectedMessage, type EncodedMessage } from './encoded-message.js';

/**
 * A sequence of messages that is pending on one or more connections. Sequences are interned: appending the same message
 * to the same sequence gives the same object, so that all connections with the same pending sequence share one
 * concatenated buffer, and a room of thousands costs one concatenation per flush.
 */
export class PendingChain {
  readonly byteLength: number;
  readonly count: number;
  readonly #previous: PendingChain | undefined;
  readonly #message: EncodedMessage | undefined;
  #next: PendingChain | undefined;
  #joined: LinkBytes | undefined;

  /** Without arguments the empty sequence, that all others of one encoding and lane start from. */
  constructor(previous?: PendingChain, message?: EncodedMessage) {
    this.#previous = previous;
    this.#message = message;
    this.byteLength = previous === undefined || message === undefined ? 0 : previous.byteLength + message.bytes.length;
    this.count = previous === undefined ? 0 : previous.count + 1;
  }

  /** This sequence with `message` behind it. Only the newest continuation is remembered, which is the one that others will ask for. */
  append(message: EncodedMessage): PendingChain {
    const next = this.#next;
    if (next !== undefined && next.#message === message) return next;
    return (this.#next = new PendingChain(this, message));
  }

  /** This sequence with bytes behind it that nobody else gets: it is not interned, so that those who share a sequence go on sharing. */
  appendOwn(bytes: LinkBytes): PendingChain {
    return new PendingChain(this, protectedMessage(bytes, 'normal'));
  }

  /** Forgets what follows, so that flushed sequences can be collected. */
  forgetNext(): void {
    this.#next = undefined;
  }

  /** The bytes of the whole sequence; made once, then shared. Not for a root. */
  join(): LinkBytes {
    return (this.#joined ??=
      this.count === 1 && this.#message !== undefined ? this.#message.bytes : PendingChain.#concatenate(this));
  }

  static #concatenate(whole: PendingChain): Buffer {
    // Not from Node's pool: the buffer lives as long as the slowest of its receivers.
    const buffer = Buffer.allocUnsafeSlow(whole.byteLength);
    let chain = whole;
    let end = whole.byteLength;
    while (chain.#previous !== undefined && chain.#message !== undefined) {
      if (chain.#joined !== undefined) {
        put(chain.#joined, buffer, 0);
        break;
      }
      end -= chain.#message.bytes.length;
      put(chain.#message.bytes, buffer, end);
      chain = chain.#previous;
    }
    return buffer;
  }
}

function put(bytes: LinkBytes, into: Buffer, start: number): void {
  if (typeof bytes === 'string') into.write(bytes, start, 'latin1');
  else into.set(bytes, start);
}
