import { STATUS_CODES, validateHeaderName, validateHeaderValue, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { HandshakeRefusal } from '../../core/connect/refusal.js';

/**
 * How long an answered socket may linger until its client closes too. Cutting at once would reset the connection
 * while the client still sends, and the answer would be lost with it (RFC 9112 §9.6).
 */
const lingerMs = 1_000;

/** Writes a refusal as a whole HTTP answer on a socket that has left Node's HTTP server, and ends it. Never throws. */
export function refuseOnSocket(socket: Duplex, refusal: HandshakeRefusal): void {
  if (socket.destroyed) return;
  try {
    if (socket.writable) endAndLinger(socket, answerText(refusal));
    else socket.destroy();
  } catch {
    // An application's own kind of refusal may fail while it is read; its client gets no answer then, but nobody else is hurt.
    socket.destroy();
  }
}

/** Answers an ordinary request with a refusal. Never throws. */
export function refuseResponse(response: ServerResponse, refusal: HandshakeRefusal): void {
  if (response.headersSent || response.destroyed) return;
  try {
    const body = JSON.stringify(refusal.body);
    response.statusCode = refusal.statusCode;
    for (const [name, value] of refusalHeaders(refusal, body)) response.setHeader(name, value);
    response.end(body);
  } catch {
    response.destroy();
  }
}

function answerText(refusal: HandshakeRefusal): string {
  const body = JSON.stringify(refusal.body);
  const head = [
    `HTTP/1.1 ${String(refusal.statusCode)} ${STATUS_CODES[refusal.statusCode] ?? 'Error'}`,
    ...refusalHeaders(refusal, body).map(([name, value]) => `${name}: ${value}`),
    `Date: ${new Date().toUTCString()}`,
    'Connection: close',
  ];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

function refusalHeaders(refusal: HandshakeRefusal, body: string): readonly (readonly [string, string])[] {
  return [
    ...Object.entries(refusal.headers).filter(isValidHeader),
    ['Content-Type', 'application/json; charset=utf-8'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ['Cache-Control', 'no-store'],
  ];
}

/** What frames the answer is ours to say: a second length would make it two answers to a proxy. */
const ownHeaders: ReadonlySet<string> = new Set([
  'cache-control',
  'connection',
  'content-length',
  'content-type',
  'date',
  'transfer-encoding',
  'upgrade',
]);

/** A guard's header value may hold what a client sent; a line break in it would forge an answer. */
function isValidHeader([name, value]: readonly [string, string]): boolean {
  try {
    if (ownHeaders.has(name.toLowerCase())) return false;
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    return false;
  }
}

function endAndLinger(socket: Duplex, answer: string): void {
  const timer = setTimeout(() => socket.destroy(), lingerMs);
  timer.unref();
  socket.on('error', () => socket.destroy());
  socket.once('close', () => clearTimeout(timer));
  socket.end(answer);
  // What still comes is thrown away, so that the client's own end is seen.
  socket.resume();
}
