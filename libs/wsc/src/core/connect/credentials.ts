import { isName, nameRule } from '@nest-wsc/protocol';
import { headerOf, type HandshakeRequest } from './handshake.js';
import { parseOffers } from './protocol-offers.js';
import { refuse } from './refusal.js';

/** Where credentials may stand. */
export interface OfferOptions {
  /** Whether `?token=` is read. Off by default elsewhere, since URLs reach logs. */
  readonly tokenInQuery: boolean;
  /** The cookie that may hold a token; undefined: none. */
  readonly cookieName?: string | undefined;
  /** The subprotocols that this endpoint speaks. */
  readonly protocols: readonly string[];
}

/** What a client offers with its handshake, checked for form only. */
export interface Offer {
  /** At most one of `token` and `connectToken` is there. */
  readonly token: string | undefined;
  readonly connectToken: string | undefined;
  readonly deviceId: string | undefined;
  readonly protocol: string | undefined;
  readonly wantsResume: boolean;
}

type Credential = Partial<Pick<Offer, 'token' | 'connectToken'>>;

/** `b64token` of RFC 6750 §2.1, wider than a JWT, for authenticators of other tokens. */
const bearerPattern = /^bearer +([A-Za-z0-9\-._~+/]+=*) *$/i;

/**
 * Reads the credential, device and subprotocol of a handshake (PROTOCOL.md §1.1 to §1.3). The credential found first counts:
 * `Authorization`, the `bearer.` subprotocol, the cookie, `?connect_token=`, `?token=`.
 * @throws {HandshakeRefusal} 400, or 401 for an `Authorization: Bearer` that holds no token.
 */
export function resolveOffer(request: HandshakeRequest, options: OfferOptions): Offer {
  const offers = parseOffers(request.offeredProtocols, options.protocols);
  const token = tokenFromHeader(request) ?? offers.token ?? tokenFromCookie(request, options.cookieName);
  const credential: Credential =
    token === undefined ? credentialFromQuery(request.query, options.tokenInQuery) : { token };
  return {
    token: credential.token,
    connectToken: credential.connectToken,
    deviceId: resolveDevice(offers.deviceId, request.query),
    protocol: offers.protocol,
    wantsResume: offers.wantsResume,
  };
}

/** Another scheme than Bearer is somebody else's, for example of a proxy with Basic. */
function tokenFromHeader(request: HandshakeRequest): string | undefined {
  const value = headerOf(request, 'authorization');
  if (value === undefined || !/^bearer(?: |$)/i.test(value)) return undefined;
  const token = bearerPattern.exec(value)?.[1];
  if (token === undefined) throw refuse.unauthorized('The token is not valid.');
  return token;
}

function tokenFromCookie(request: HandshakeRequest, cookieName: string | undefined): string | undefined {
  if (cookieName === undefined) return undefined;
  for (const pair of headerOf(request, 'cookie')?.split(';') ?? []) {
    const equals = pair.indexOf('=');
    if (equals < 0 || pair.slice(0, equals).trim() !== cookieName) continue;
    const value = pair.slice(equals + 1).trim();
    return value === '' ? undefined : value;
  }
  return undefined;
}

function credentialFromQuery(query: URLSearchParams, isTokenAllowed: boolean): Credential {
  const connectToken = single(query, 'connect_token');
  if (connectToken !== undefined && connectToken !== '') return { connectToken };
  const token = isTokenAllowed ? single(query, 'token') : undefined;
  return token === undefined || token === '' ? {} : { token };
}

function resolveDevice(fromOffer: string | undefined, query: URLSearchParams): string | undefined {
  const fromQuery = single(query, 'device_id');
  if (fromOffer !== undefined && fromQuery !== undefined && fromOffer !== fromQuery) {
    throw refuse.badRequest('Two different devices are named.');
  }
  const deviceId = fromOffer ?? fromQuery;
  if (deviceId === undefined || isName(deviceId)) return deviceId;
  throw refuse.badRequest(`The device id must be ${nameRule}`);
}

/** Which of two values counts would depend on who reads, so two are none. */
function single(query: URLSearchParams, name: string): string | undefined {
  const [value, second] = query.getAll(name);
  if (second !== undefined) throw refuse.badRequest(`The query names "${name}" twice.`);
  return value;
}
