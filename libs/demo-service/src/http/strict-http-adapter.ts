import { createServer, type RequestListener, type Server, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { Logger, type NestApplicationOptions } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import { toErrorBody } from './error-answer.js';
import { WscError } from '@nest-wsc/protocol';

const headersTimeoutMs = 10_000;
const requestTimeoutMs = 30_000;
// How much longer than a time-out a trickled request may live; only the constructor takes it.
const checkingIntervalMs = 1_000;
// After the drain, HTTP answers that are still being written get this long before their connections are cut.
const closeGraceMs = 2_000;

const answerByCode: Readonly<Partial<Record<string, { readonly status: number; readonly error: WscError }>>> = {
  ERR_HTTP_REQUEST_TIMEOUT: {
    status: 408,
    error: new WscError('WSC_TIMEOUT', { message: 'The request took too long to arrive.' }),
  },
  HPE_HEADER_OVERFLOW: {
    status: 431,
    error: new WscError('WSC_MESSAGE_TOO_LARGE', { message: 'The headers are too large.' }),
  },
};

const malformed = {
  status: 400,
  error: new WscError('WSC_INVALID_ENVELOPE', { message: 'The request is not valid HTTP.' }),
};

/** Node answers what its parser refuses with a bare status line; ours carries the same JSON as every other error. */
function answerParserError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const { status, error: told } = answerByCode[error.code ?? ''] ?? malformed;
  const body = JSON.stringify({ ...toErrorBody(told, Date.now()), code: status });
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nConnection: close\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}

/** Nest's Express adapter over a server with time-outs of our choice, which Nest has no option for. */
export class StrictHttpAdapter extends ExpressAdapter {
  private readonly serverLogger = new Logger('HttpServer');
  private readonly sockets = new Set<Socket>();

  override initHttpServer(options: NestApplicationOptions): void {
    super.initHttpServer(options);
    // Nothing listens on the server that was just made: it holds no resource and is left to the collector.
    this.httpServer = this.createServer();
  }

  override async close(): Promise<void> {
    const cut = setTimeout(() => {
      this.serverLogger.warn('HTTP requests did not end in time; their connections are cut.');
      this.httpServer.closeAllConnections();
    }, closeGraceMs);
    cut.unref();
    const closed = super.close();
    this.endSilentSockets();
    try {
      await closed;
    } finally {
      clearTimeout(cut);
    }
  }

  /** Browsers connect before they have a request; Node does not count these as idle, and would wait for them. */
  private endSilentSockets(): void {
    for (const socket of this.sockets) {
      if (socket.bytesRead === 0) socket.destroy();
    }
  }

  private createServer(): Server {
    const server = createServer(
      {
        connectionsCheckingInterval: checkingIntervalMs,
        headersTimeout: headersTimeoutMs,
        requestTimeout: requestTimeoutMs,
      },
      this.getInstance<RequestListener>(),
    );
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.once('close', () => this.sockets.delete(socket));
    });
    return server.on('clientError', answerParserError);
  }
}
