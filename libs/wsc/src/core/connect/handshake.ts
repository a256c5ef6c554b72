import type { Principal } from './principal.js';

/** What a transport read from an upgrade request, before any check. Header names are in lower case. */
export interface HandshakeRequest {
  /** The path as asked for, without query, percent-encoded as it came. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** The socket's own peer, which may be a proxy. */
  readonly peerAddress: string;
  /** False: only asks what an upgrade would get (PROTOCOL.md §1.3), and must use nothing up. */
  readonly isUpgrade: boolean;
  /** `Sec-WebSocket-Protocol` offers in order, as they came. */
  readonly offeredProtocols: readonly string[];
  /** The transport's own request object, for guards that know it. */
  readonly raw: unknown;
}

/** A handshake while it is checked, before the 101. Guards, middleware and authenticators get it; refuse by throwing. */
export class Handshake {
  readonly request: HandshakeRequest;
  /** The pattern of the endpoint that matched, for example `/ws` or `/v/:tenant`. */
  readonly path: string;
  readonly params: Readonly<Record<string, string>>;
  /** The client's address; behind a trusted proxy the forwarded one. */
  readonly remoteAddress: string;
  /** The bearer token, wherever it came from (PROTOCOL.md §1.2). Never logged. */
  readonly token: string | undefined;
  /** The one-time connect token. Never logged. */
  readonly connectToken: string | undefined;
  /** Given by the client or made by the server. */
  readonly deviceId: string;
  /** Whether the client gave it, so that it is the same when it comes back. One that a server has made names nothing, whoever gives it. */
  readonly isDeviceNamed: boolean;
  /** Whether the client will resume (`resume.v1`, PROTOCOL.md §6.4). */
  readonly wantsResume: boolean;
  /** The selected subprotocol; undefined when none was offered. */
  readonly protocol: string | undefined;
  /** Set by the authenticator. Undefined: anonymous. */
  principal: Principal | undefined;
  #metadata: Map<string, unknown> | undefined;

  constructor(init: HandshakeInit) {
    this.request = init.request;
    this.path = init.path;
    this.params = init.params;
    this.remoteAddress = init.remoteAddress;
    this.token = init.token;
    this.connectToken = init.connectToken;
    this.deviceId = init.deviceId;
    this.isDeviceNamed = init.isDeviceNamed ?? false;
    this.wantsResume = init.wantsResume ?? false;
    this.protocol = init.protocol;
  }

  /**
   * Asked for before the connection opens, this map becomes the connection's metadata, with what is in it by then and later. Asked
   * for only afterwards, it is nobody's.
   */
  get metadata(): Map<string, unknown> {
    return (this.#metadata ??= new Map<string, unknown>());
  }

  /** The metadata where anybody has asked for it: most connections need none. @internal */
  get usedMetadata(): Map<string, unknown> | undefined {
    return this.#metadata;
  }

  /** The first value of a header, or undefined. `name` in lower case. */
  header(name: string): string | undefined {
    return headerOf(this.request, name);
  }
}

/** The first value of a request's header, or undefined. `name` in lower case. */
export function headerOf(request: HandshakeRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

/** What a {@link Handshake} is made of. */
export type HandshakeInit = Pick<
  Handshake,
  'request' | 'path' | 'params' | 'remoteAddress' | 'token' | 'connectToken' | 'deviceId' | 'protocol'
> &
  Partial<Pick<Handshake, 'isDeviceNamed' | 'wantsResume'>>;
