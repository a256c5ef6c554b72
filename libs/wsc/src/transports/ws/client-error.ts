import type { Duplex } from 'node:stream';
import { HandshakeRefusal, refuse } from '../../core/connect/refusal.js';
import { refuseOnSocket } from './http-answer.js';

/**
 * A `clientError` listener for Node's HTTP servers: what the parser refuses gets the same JSON as every other refusal
 * (400, 408 or 431) instead of Node's answer without a body. Our own port has it; an application may add it to its server.
 */
export function answerClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  const refusal = refusalOf(error.code);
  if (refusal === undefined) socket.destroy();
  else refuseOnSocket(socket, refusal);
}

/** Undefined: there is nobody to answer (a reset, a failed TLS handshake). */
function refusalOf(code: string | undefined): HandshakeRefusal | undefined {
  if (code === 'HPE_HEADER_OVERFLOW') return new HandshakeRefusal(431, 'The headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new HandshakeRefusal(408, 'The request took too long.');
  if (code?.startsWith('HPE_') === true) return refuse.badRequest('This is not a valid HTTP request.');
  return undefined;
}
