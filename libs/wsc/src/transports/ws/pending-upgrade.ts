import type { Duplex } from 'node:stream';
import { Cancellation } from '../../core/async/cancellation.js';
import { refuse, type HandshakeRefusal } from '../../core/connect/refusal.js';

/**
 * How long a client that has ended its side may wait for its answer. It can't become a connection any more, but it may
 * still read why; a client that is gone looks the same until something is written.
 */
const halfClosedGraceMs = 1_000;

/** What a handshake is refused with when its client went away: nobody reads it, but nothing failed either. */
export function clientGone(): HandshakeRefusal {
  return refuse.badRequest('The client ended the connection.');
}

/** Watches a socket that nobody reads while its upgrade is being decided. */
export class PendingUpgrade {
  /** Cancelled once the client is gone, or by {@link abort}; its reason is a {@link HandshakeRefusal}. */
  readonly cancellation = new Cancellation();
  readonly #socket: Duplex;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Duplex) {
    this.#socket = socket;
    socket.on('error', ignore);
    socket.on('close', this.#abortNow);
    socket.on('end', this.#abortSoon);
  }

  /** @param reason what whoever decides should refuse with. */
  abort(reason: HandshakeRefusal): void {
    this.cancellation.cancel(reason);
  }

  /** Stops watching. Whoever takes the socket handles its errors from here on. */
  settle(): void {
    clearTimeout(this.#timer);
    this.#socket.off('error', ignore);
    this.#socket.off('close', this.#abortNow);
    this.#socket.off('end', this.#abortSoon);
  }

  readonly #abortNow = (): void => {
    this.abort(clientGone());
  };

  readonly #abortSoon = (): void => {
    this.#timer = setTimeout(this.#abortNow, halfClosedGraceMs).unref();
  };
}

function ignore(): void {
  // 'close' follows each 'error', and that is what counts.
}
