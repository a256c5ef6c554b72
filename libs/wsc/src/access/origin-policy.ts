import type { Handshake } from '../core/connect/handshake.js';
import type { MaybePromise } from '../core/async/maybe-promise.js';
import type { OriginPolicy } from '../core/ports/access.js';
import type { Logger } from '../core/ports/logger.js';
import { originsOfHost, parseOriginPattern } from './origin-pattern.js';

/** Whose pages may connect (docs/auth.md). */
export interface OriginOptions {
  /**
   * Exact origins; `https://*.example.com` for one or more whole labels in front of the host, scheme and port exact;
   * `same-origin` for pages of the gateway's own host; `null` for sandboxed pages and files; `*` for all. A list
   * without `same-origin` refuses the gateway's own pages too, which defends against DNS rebinding.
   * @default ['same-origin']
   */
  readonly origins?: readonly string[] | undefined;
  /** Whether `*` needs {@link OriginOptions.allowAllOrigins}. @default true */
  readonly isProduction?: boolean | undefined;
  /** Permits `*` in production. @default false */
  readonly allowAllOrigins?: boolean | undefined;
  /** Decides instead of the list. Throw a `HandshakeRefusal` to refuse with another answer than 403. */
  readonly checkOrigin?: ((handshake: Handshake) => MaybePromise<boolean>) | undefined;
}

interface ParsedOrigins {
  readonly isAnyAllowed: boolean;
  readonly isSameOriginAllowed: boolean;
  readonly exact: ReadonlySet<string>;
  readonly wildcards: readonly RegExp[];
}

// Enough for the pages of an application that forgot one; a stranger can't fill the log.
const maxWarnedOrigins = 10;

/**
 * Origins by list. An `Origin` is compared as a browser writes it, so `https://example.com/`, upper case and the like,
 * which no browser sends, match nothing. The first ten that are refused are warned about, once each: the browser says
 * nothing, and a client that asks from the same host asks without an origin.
 */
export class ListedOriginPolicy implements OriginPolicy {
  readonly #checkOrigin: OriginOptions['checkOrigin'];
  readonly #mayAllowAll: boolean;
  readonly #logger: Logger;
  readonly #warnedOf = new Set<string>();
  #origins: ParsedOrigins;

  /** @throws {Error} naming an entry that can't be read, or `*` where it is not permitted. */
  constructor(options: OriginOptions, dependencies: { readonly logger: Logger }) {
    this.#checkOrigin = options.checkOrigin;
    this.#logger = dependencies.logger;
    this.#mayAllowAll = options.allowAllOrigins === true || options.isProduction === false;
    this.#origins = this.#parse(options.origins);
  }

  /**
   * Replaces the list for the connections to come; nothing changes when it is wrong.
   * @throws {Error} as the constructor does.
   */
  update(origins: readonly string[]): void {
    this.#origins = this.#parse(origins);
  }

  isAllowed(origin: string, handshake: Handshake): MaybePromise<boolean> {
    if (this.#checkOrigin) return this.#checkOrigin(handshake);
    const isAllowed = this.#isListed(origin, handshake);
    if (!isAllowed) this.#warnOnce(origin, handshake);
    return isAllowed;
  }

  #isListed(origin: string, handshake: Handshake): boolean {
    const { isAnyAllowed, isSameOriginAllowed, exact, wildcards } = this.#origins;
    if (isAnyAllowed || exact.has(origin)) return true;
    if (isSameOriginAllowed && isSameOrigin(origin, handshake)) return true;
    return wildcards.some((expression) => expression.test(origin));
  }

  #warnOnce(origin: string, handshake: Handshake): void {
    if (this.#warnedOf.size >= maxWarnedOrigins || this.#warnedOf.has(origin)) return;
    this.#warnedOf.add(origin);
    this.#logger.warn(
      'A page whose origin is not allowed was refused. If it is yours, add its origin to WSC_ORIGINS; if it is served by ' +
        'this host through a proxy, let the proxy pass on the Host that the browser sent (changeOrigin: false).',
      { origin, host: handshake.header('host') ?? '' },
    );
  }

  #parse(origins: readonly string[] | undefined): ParsedOrigins {
    const list = origins === undefined || origins.length === 0 ? ['same-origin'] : origins;
    const patterns = list.map(parseOriginPattern);
    const isAnyAllowed = patterns.some(({ kind }) => kind === 'any');
    if (isAnyAllowed && !this.#mayAllowAll) {
      throw new Error(
        'The origin "*" lets every web page connect with its visitors\' cookies and addresses. In production it needs ' +
          '`allowAllOrigins` (WSC_ALLOW_ALL_ORIGINS=true); better list the origins of your pages.',
      );
    }
    return {
      isAnyAllowed,
      isSameOriginAllowed: patterns.some(({ kind }) => kind === 'same-origin'),
      exact: new Set(patterns.flatMap((pattern) => (pattern.kind === 'exact' ? [pattern.origin] : []))),
      wildcards: patterns.flatMap((pattern) => (pattern.kind === 'wildcard' ? [pattern.expression] : [])),
    };
  }
}

/** Whether the page came from the host that it connects to, over TLS where this connection is known to be over TLS. */
function isSameOrigin(origin: string, handshake: Handshake): boolean {
  const { http, https } = originsOfHost(handshake.header('host') ?? '');
  if (https !== undefined && origin === https) return true;
  return http !== undefined && origin === http && !isKnownSecure(handshake);
}

/**
 * `X-Forwarded-Proto` is believed from anybody here: it can only refuse more, and no web page can set it. Without it and
 * without TLS of our own, a proxy may have ended TLS, so the scheme is not known.
 */
function isKnownSecure(handshake: Handshake): boolean {
  const forwarded = handshake.header('x-forwarded-proto')?.split(',')[0]?.trim().toLowerCase();
  return forwarded === 'https' || forwarded === 'wss' || hasTlsSocket(handshake.request.raw);
}

/** True for a Node request over TLS; other transports say nothing. */
function hasTlsSocket(raw: unknown): boolean {
  if (typeof raw !== 'object' || raw === null || !('socket' in raw)) return false;
  const { socket } = raw;
  return typeof socket === 'object' && socket !== null && 'encrypted' in socket && socket.encrypted === true;
}
