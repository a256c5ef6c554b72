import type { Duplex } from 'node:stream';
import type { CloseCode } from '@nest-wsc/protocol';
import { closeCodes } from '@nest-wsc/protocol';
import { WebSocket, type RawData } from 'ws';
import type { Logger } from '../../core/ports/logger.js';
import type { LinkBytes, TransportLink } from '../../core/ports/transport.js';
import { frameBytes, opcodes } from './framing.js';
import { closeTimeoutMs, codeOfProtocolError } from './closing.js';
import { uncork } from './cork.js';
import type { LinkOwner } from './upgrade-host.js';

/** The `ws` class of this transport: it knows its link, so that listeners are shared by all instead of bound per connection. */
export class LinkedWebSocket extends WebSocket {
  link: WsLink | undefined;
}

/** What the links of one transport share. */
export interface LinkContext {
  readonly logger: Logger;
  /** Counts a breach of RFC 6455 or of the size limit. */
  onProtocolError(): void;
}

const pingFrame = frameBytes(new Uint8Array(), opcodes.ping);

/**
 * One WebSocket. `ws` reads, checks and closes; everything else is written past its sender, straight to the socket and
 * always in whole frames, so that nothing cuts into a batch.
 */
export class WsLink implements TransportLink {
  readonly #webSocket: LinkedWebSocket;
  readonly #socket: Duplex;
  readonly #context: LinkContext;
  #owner: LinkOwner | undefined;
  /** The one pong that waits: a later ping replaces it (RFC 6455 §5.5.3), so a flood of pings takes no memory. */
  #pong: Buffer | undefined;
  #awaitsDrain = false;
  #protocolError: CloseCode | undefined;

  constructor(webSocket: LinkedWebSocket, socket: Duplex, context: LinkContext) {
    this.#webSocket = webSocket;
    this.#socket = socket;
    this.#context = context;
    webSocket.link = this;
    webSocket.on('message', onMessage);
    webSocket.on('ping', onPing);
    webSocket.on('pong', onPong);
    webSocket.on('error', onError);
    webSocket.on('close', onClose);
    socket.on('end', cutHalfClosed);
  }

  /** Names who is told about traffic. In the same turn as the upgrade: nothing is emitted before the next. */
  bind(owner: LinkOwner): void {
    this.#owner = owner;
  }

  write(bytes: LinkBytes): boolean {
    if (this.#webSocket.readyState !== WebSocket.OPEN) return true;
    // False at a high-water mark, of which some Node versions count bytes that the kernel has taken at once. 'drain' is promised then.
    const takesMore = typeof bytes === 'string' ? this.#socket.write(bytes, 'latin1') : this.#socket.write(bytes);
    // Only the first write finds the 101 still held back.
    uncork(this.#socket);
    if (takesMore || this.#socket.writableLength === 0) return true;
    this.#awaitDrain();
    return false;
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  ping(): void {
    // A socket that takes nothing gets no ping on top: it could not arrive before what waits there.
    if (!this.#awaitsDrain) this.write(pingFrame);
  }

  close(code: CloseCode): void {
    try {
      this.#webSocket.close(code.code, code.reason);
      // A paused link would never see the answer to its close.
      this.#webSocket.resume();
    } catch (error) {
      // Who calls may be a timer, where an error ends the process.
      this.#context.logger.error('A connection could not be closed; it is cut.', { code: code.code, cause: error });
      this.terminate();
    }
  }

  terminate(): void {
    this.#webSocket.terminate();
  }

  /** For the listeners below. */
  received(data: RawData): void {
    if (Buffer.isBuffer(data)) this.#tell((owner) => owner.receive(data));
  }

  pinged(data: Buffer): void {
    // Answered after everything that came with it: many pings in one read get one pong.
    if (this.#pong === undefined) queueMicrotask(() => this.#flushPong());
    this.#pong = frameBytes(data, opcodes.pong);
    this.touched();
  }

  touched(): void {
    this.#tell((owner) => owner.touch());
  }

  failed(error: Error): void {
    this.#protocolError ??= codeOfProtocolError(error);
    this.#context.onProtocolError();
    this.#context.logger.debug('A client broke the WebSocket protocol.', { cause: error });
  }

  closed(code: number, reason: string): void {
    const ended = this.#protocolError ?? { code, reason };
    this.#tell((owner) => owner.closed(ended.code, ended.reason));
    this.#owner = undefined;
  }

  #flushPong(): void {
    const pong = this.#pong;
    if (pong === undefined || this.#awaitsDrain) return;
    this.#pong = undefined;
    this.write(pong);
  }

  #awaitDrain(): void {
    if (this.#awaitsDrain) return;
    this.#awaitsDrain = true;
    this.#socket.once('drain', () => {
      this.#awaitsDrain = false;
      this.#flushPong();
      this.#tell((owner) => owner.drained());
    });
  }

  /** What goes wrong in one connection's code must not become an uncaught exception for all. */
  #tell(what: (owner: LinkOwner) => void): void {
    if (this.#owner === undefined) return;
    try {
      what(this.#owner);
    } catch (error) {
      this.#context.logger.error('A connection failed; it is closed.', { cause: error });
      this.close(closeCodes.internalError);
    }
  }
}

function linkOf(webSocket: WebSocket): WsLink | undefined {
  return webSocket instanceof LinkedWebSocket ? webSocket.link : undefined;
}

function onMessage(this: WebSocket, data: RawData): void {
  linkOf(this)?.received(data);
}

function onPing(this: WebSocket, data: Buffer): void {
  linkOf(this)?.pinged(data);
}

function onPong(this: WebSocket): void {
  linkOf(this)?.touched();
}

function onError(this: WebSocket, error: Error): void {
  linkOf(this)?.failed(error);
}

function onClose(this: WebSocket, code: number, reason: Buffer): void {
  linkOf(this)?.closed(code, reason.toString());
}

/** A client that ends its side without a close frame and reads nothing would hold the socket for ever. */
function cutHalfClosed(this: Duplex): void {
  const timer = setTimeout(() => this.destroy(), closeTimeoutMs).unref();
  this.once('close', () => clearTimeout(timer));
}
