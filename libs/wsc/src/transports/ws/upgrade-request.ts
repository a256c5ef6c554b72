import type { IncomingMessage } from 'node:http';
import type { HandshakeRequest } from '../../core/connect/handshake.js';
import { HandshakeRefusal, refuse } from '../../core/connect/refusal.js';
import { parseSubprotocols } from './subprotocols.js';

/** 16 bytes in base64 (RFC 6455 §4.1). */
const keyPattern = /^[+/0-9A-Za-z]{22}==$/;
const supportedVersion = '13';

/** A request target in its two parts. */
export interface RequestTarget {
  /** Percent-encoded as it came. */
  readonly path: string;
  readonly query: string;
}

/** Splits the target of a request; undefined for what has no path (`*`, an authority) or can't be read. */
export function parseTarget(url: string | undefined): RequestTarget | undefined {
  if (url === undefined) return undefined;
  if (url.startsWith('/')) return splitQuery(url);
  // The absolute form, which every server must understand (RFC 9112 §3.2.2).
  const absolute = /^https?:\/\/[^/?#]+([/?].*)?$/i.exec(url);
  if (absolute === null) return undefined;
  const rest = absolute[1] ?? '/';
  return splitQuery(rest.startsWith('/') ? rest : `/${rest}`);
}

function splitQuery(target: string): RequestTarget {
  const mark = target.indexOf('?');
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

/** A request as the core sees it, as long as it is needed. */
export class UpgradeRequest implements HandshakeRequest {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: HandshakeRequest['headers'];
  readonly peerAddress: string;
  readonly isUpgrade: boolean;
  readonly offeredProtocols: readonly string[];
  #raw: IncomingMessage | undefined;

  /** @throws {HandshakeRefusal} 400 for a bad `Sec-WebSocket-Protocol`. */
  constructor(request: IncomingMessage, target: RequestTarget) {
    this.path = target.path;
    this.query = new URLSearchParams(target.query);
    this.headers = request.headers;
    this.peerAddress = request.socket.remoteAddress ?? '';
    this.isUpgrade = isWebSocketUpgrade(request);
    this.offeredProtocols = parseSubprotocols(request.headers['sec-websocket-protocol']);
    this.#raw = request;
  }

  /** Node's `IncomingMessage`; undefined once the handshake is over. */
  get raw(): IncomingMessage | undefined {
    return this.#raw;
  }

  /** Lets go of Node's request: whoever keeps the handshake of an idle connection must not keep that too. */
  forgetRaw(): void {
    this.#raw = undefined;
  }
}

/**
 * The rules of HTTP that a request must keep whether or not it upgrades. Node checks none of them on an upgrade.
 * @throws {HandshakeRefusal} 400
 */
export function assertPlainRequest(request: IncomingMessage): void {
  if (request.httpVersion !== '1.1') throw refuse.badRequest('HTTP/1.1 is needed.');
  if (countHeader(request, 'host') !== 1) throw refuse.badRequest('Exactly one Host header is needed.');
  const { 'content-length': length, 'transfer-encoding': transferEncoding } = request.headers;
  if (transferEncoding !== undefined || (length !== undefined && length !== '0')) {
    throw refuse.badRequest('The request must not have a body.');
  }
}

/**
 * The rules of RFC 6455 §4.2.1 for an upgrade.
 * @throws {HandshakeRefusal} 400, or 426 for another version of the protocol.
 */
export function assertUpgrade(request: IncomingMessage): void {
  assertPlainRequest(request);
  if (request.method !== 'GET') throw refuse.badRequest('An upgrade is a GET.');
  if (!isWebSocketUpgrade(request)) throw refuse.badRequest('Upgrade must be "websocket".');
  if (request.headers['sec-websocket-version'] !== supportedVersion) {
    throw new HandshakeRefusal(426, `WebSocket version ${supportedVersion} is needed.`, {
      headers: { 'Sec-WebSocket-Version': supportedVersion, Upgrade: 'websocket' },
    });
  }
  if (!keyPattern.test(request.headers['sec-websocket-key'] ?? '')) {
    throw refuse.badRequest('Sec-WebSocket-Key must be 16 bytes in base64.');
  }
}

/** Whether the request asks for WebSocket, and not for another protocol such as `h2c`. */
export function isWebSocketUpgrade(request: IncomingMessage): boolean {
  return request.headers.upgrade?.toLowerCase() === 'websocket';
}

/** Node keeps only the first of some doubled headers, so they are counted where all of them are. */
function countHeader(request: IncomingMessage, name: string): number {
  let count = 0;
  for (let index = 0; index < request.rawHeaders.length; index += 2) {
    if (request.rawHeaders[index]?.toLowerCase() === name) count += 1;
  }
  return count;
}
