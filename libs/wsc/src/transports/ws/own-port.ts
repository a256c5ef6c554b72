import { createServer as createHttpServer, type RequestListener, type Server } from 'node:http';
import { createServer as createHttpsServer, type ServerOptions as HttpsOptions } from 'node:https';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../core/ports/logger.js';
import { answerClientError } from './client-error.js';

/** Where an {@link OwnPort} listens. */
export interface OwnPortOptions {
  /** 0: one that is free. */
  readonly port: number;
  /** @default every address of the machine */
  readonly host?: string | undefined;
  /** TLS, with the options of Node's `https.createServer`. */
  readonly https?: HttpsOptions | undefined;
}

/** A port that the transport listens on by itself. */
export interface OwnPort {
  /** The real one, where 0 was asked for. */
  readonly port: number;
  /** Ends it, and cuts what is still connected. A second call is the same close. */
  close(): Promise<void>;
}

/** Who serves an {@link OwnPort}. */
export interface OwnPortWiring {
  readonly onRequest: RequestListener;
  /** Called once before it listens. */
  readonly attach: (server: Server) => void;
  readonly logger: Logger;
}

/** A client has 10 s for its headers and is looked at each second; Node's own check comes every 30 s. */
const serverOptions = {
  headersTimeout: 10_000,
  requestTimeout: 10_000,
  connectionsCheckingInterval: 1_000,
  // Node would answer without a body; the transport checks it.
  requireHostHeader: false,
} as const;

/** @throws what Node says when the port can't be listened on. */
export async function openOwnPort(options: OwnPortOptions, wiring: OwnPortWiring): Promise<OwnPort> {
  const server = createServer(options.https, wiring.onRequest);
  const sockets = trackSockets(server);
  server.on('clientError', answerClientError);
  wiring.attach(server);
  await listen(server, options);
  server.on('error', (error) => wiring.logger.error('The WebSocket port failed.', { cause: error }));
  const address = server.address();
  let closing: Promise<void> | undefined;
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () => (closing ??= closeServer(server, sockets)),
  };
}

function createServer(https: HttpsOptions | undefined, onRequest: RequestListener): Server {
  if (https === undefined) return createHttpServer(serverOptions, onRequest);
  return createHttpsServer({ handshakeTimeout: serverOptions.headersTimeout, ...https, ...serverOptions }, onRequest);
}

function listen(server: Server, { port, host }: OwnPortOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Node forgets a socket once it is upgraded, and then waits for it for ever when the server is closed. */
function trackSockets(server: Server): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    // A request that is handed back announces its socket again.
    if (sockets.has(socket)) return;
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function closeServer(server: Server, sockets: ReadonlySet<Duplex>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
