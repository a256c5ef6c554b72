import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type Server } from 'ws';
import { refuse } from '../../core/connect/refusal.js';
import { closeTimeoutMs } from './closing.js';
import { corkBriefly } from './cork.js';
import { refuseOnSocket } from './http-answer.js';
import { LinkedWebSocket } from './ws-link.js';

/** What a {@link WsUpgrader} needs. */
export interface WsUpgraderOptions {
  /** Bytes of one message after decompression; 0: no limit. Read at each upgrade. */
  readonly maxPayload: () => number;
  readonly compression: boolean;
}

/** What Node's `upgrade` event hands over. */
export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came with the request already; `ws` reads it first. */
  readonly head: Buffer;
}

/** What became of an {@link Upgrade}. */
export interface Upgraded {
  readonly webSocket: LinkedWebSocket;
  /** Whether messages to this client may be compressed with the full window. */
  readonly isDeflated: boolean;
}

/** The 101: `ws` answers it and takes the socket over. Nothing is decided here but the extension. */
export class WsUpgrader {
  readonly #server: Server<typeof LinkedWebSocket>;
  readonly #maxPayload: () => number;
  // `ws` asks for these while `upgrade` runs, which is synchronous.
  #protocol: string | undefined;
  #isDeflated = false;

  constructor(options: WsUpgraderOptions) {
    this.#maxPayload = options.maxPayload;
    const settings = {
      noServer: true,
      clientTracking: false,
      WebSocket: LinkedWebSocket,
      autoPong: false,
      skipUTF8Validation: false,
      closeTimeout: closeTimeoutMs,
      handleProtocols: () => this.#protocol ?? false,
      // No context take-over: a shared broadcast needs it from us, and an idle connection keeps no inflate state.
      perMessageDeflate: options.compression && { serverNoContextTakeover: true, clientNoContextTakeover: true },
    } as const;
    this.#server = new WebSocketServer(settings);
    this.#server.on('headers', (headers) => (this.#isDeflated = headers.some(offersFullWindow)));
    this.#server.on('wsClientError', (error, socket) => refuseOnSocket(socket, refuse.badRequest(error.message)));
  }

  /** @returns undefined when the socket is gone or was refused; it needs no more care then. */
  upgrade({ request, socket, head }: Upgrade, protocol: string | undefined): Upgraded | undefined {
    this.#protocol = protocol;
    this.#server.options.maxPayload = this.#maxPayload();
    let webSocket: LinkedWebSocket | undefined;
    corkBriefly(socket);
    this.#server.handleUpgrade(request, socket, head, (opened) => (webSocket = opened));
    return webSocket && { webSocket, isDeflated: this.#isDeflated };
  }
}

/** A client may ask for a smaller window than the one that broadcasts are compressed with; it gets them plain. */
function offersFullWindow(header: string): boolean {
  if (!/^sec-websocket-extensions: *permessage-deflate/i.test(header)) return false;
  const window = /server_max_window_bits=(\d+)/.exec(header)?.[1];
  return window === undefined || window === '15';
}
