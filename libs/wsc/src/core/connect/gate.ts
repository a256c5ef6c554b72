import { isUserId } from '@nest-wsc/protocol';
import type { HubOptions } from '../hub-options.js';
import { createConnectionId, createDeviceId, isMadeDeviceId } from '../ids.js';
import { refuseFalse } from '../extensions/refuse-false.js';
import type { ConnectionSlots } from '../limits/connection-slots.js';
import { Cancellation } from '../async/cancellation.js';
import { isPromiseLike, whenReady, type MaybePromise } from '../async/maybe-promise.js';
import { runInOrder } from '../async/run-in-order.js';
import { composeMiddleware, type Middleware } from '../extensions/middleware.js';
import type { AddressPolicy, Authenticator, ConnectTokens, OriginPolicy, RevocationList } from '../ports/access.js';
import type { Clock } from '../ports/clock.js';
import type { Cluster } from '../ports/cluster.js';
import type { Logger } from '../ports/logger.js';
import type { Presence, PresenceEntry } from '../ports/presence.js';
import type { Counters } from '../stats.js';
import { resolveOffer } from './credentials.js';
import { Handshake, type HandshakeRequest } from './handshake.js';
import type { Endpoint, PathMatch, PathTable } from './path-table.js';
import type { Principal } from './principal.js';
import { refusalFrom, refuse, type HandshakeRefusal } from './refusal.js';
import { RefusalLog } from './refusal-log.js';
import { Reservations } from './reservations.js';
import { isRevoked } from './revocation.js';
import { isAllowedUserType } from './user-type.js';
import { withDeadline } from '../async/with-deadline.js';

/** Decides whether a connection may open, after everything else was checked. `false` refuses with 403, a {@link HandshakeRefusal} as it says. */
export type ConnectGuard = (handshake: Handshake) => MaybePromise<unknown>;

/** Leave to open one connection. */
export interface Admission {
  readonly handshake: Handshake;
  readonly endpoint: Endpoint;
  /** What the connection is called if it opens. */
  readonly connectionId: string;
  /** Gives back all that was reserved: no connection came of it. */
  readonly release: () => void;
  /** Gives back what a connection counts by itself; the user's place stays until presence takes it over. */
  readonly opened: () => void;
}

/** What a {@link Gate} needs. */
export interface GateDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: () => HubOptions;
  readonly paths: PathTable;
  readonly slots: ConnectionSlots;
  readonly counters: Counters;
  readonly presence: Presence;
  readonly cluster: Cluster;
  readonly isOpen: () => boolean;
  readonly authenticator?: Authenticator | undefined;
  readonly revocations?: RevocationList | undefined;
  /** Absent: connect tokens are refused. */
  readonly connectTokens?: ConnectTokens | undefined;
  readonly addresses?: AddressPolicy | undefined;
  readonly origins?: OriginPolicy | undefined;
}

const retryAfterSeconds = 5;

/**
 * All checks between a parsed upgrade request and the 101, in the order of PROTOCOL.md §1.3. Places are reserved before the first
 * await and given back on every refusal.
 */
export class Gate {
  readonly #deps: GateDependencies;
  readonly #guards: { readonly path: string | undefined; readonly guard: ConnectGuard }[] = [];
  readonly #middleware: Middleware<Handshake>[] = [];
  readonly #pending = new Set<Cancellation>();
  #runMiddleware = composeMiddleware<Handshake>([]);
  readonly #refusals: RefusalLog;

  constructor(dependencies: GateDependencies) {
    this.#deps = dependencies;
    this.#refusals = new RefusalLog(dependencies);
  }

  /** Handshakes that are being checked. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** @param path the pattern of the endpoint that it holds for; absent: all. */
  addConnectGuard(guard: ConnectGuard, path?: string): void {
    this.#guards.push({ guard, path });
  }

  /** Around authentication and guards; a throw refuses, and so does not calling `next`. */
  use(middleware: Middleware<Handshake>): void {
    this.#middleware.push(middleware);
    this.#runMiddleware = composeMiddleware(this.#middleware);
  }

  /**
   * @param cancellation ends it with its reason, a {@link HandshakeRefusal}: when the client goes away, for example.
   * @throws {HandshakeRefusal} and nothing else.
   */
  async admit(request: HandshakeRequest, cancellation = new Cancellation()): Promise<Admission> {
    const places = new Reservations();
    const userPlace = new Reservations();
    const connectionId = createConnectionId();
    let address = request.peerAddress;
    try {
      address = this.#addressOf(request);
      // Before the first await: simultaneous handshakes can't get past a limit together.
      const match = this.#reserve(request, address, places);
      const handshake = this.#createHandshake(request, address, match);
      const place = { connectionId, reservations: userPlace };
      await this.#withDeadline(this.#check(handshake, place), cancellation);
      if (!this.#deps.isOpen()) throw shuttingDown();
      const release = (): void => {
        places.release();
        userPlace.release();
      };
      return { handshake, endpoint: match.endpoint, connectionId, release, opened: places.release };
    } catch (error) {
      places.release();
      userPlace.release();
      const refusal = this.#refusalOf(error);
      this.#refusals.write(request, address, refusal);
      throw refusal;
    }
  }

  /** Whether a page of this request's `Origin` may read why it was refused. */
  async allowsOrigin(request: HandshakeRequest): Promise<boolean> {
    try {
      const match = this.#deps.paths.match(request.path);
      if (match === undefined) return false;
      const handshake = this.#createHandshake(request, this.#addressOf(request), match);
      const origin = handshake.header('origin');
      return origin !== undefined && ((await this.#deps.origins?.isAllowed(origin, handshake)) ?? false);
    } catch {
      // A request that can't even be read is refused by `admit`, with its reason; nobody else needs it.
      return false;
    }
  }

  /** Refuses every handshake that is being checked, because the node shuts down. */
  abortPending(): void {
    for (const pending of this.#pending) pending.cancel(shuttingDown());
  }

  #reserve(request: HandshakeRequest, address: string, places: Reservations): PathMatch {
    const { slots, options, isOpen, paths } = this.#deps;
    if (!isOpen()) throw shuttingDown();
    const match = paths.match(request.path);
    if (match === undefined) throw refuse.notFound();
    if (!this.#deps.cluster.health().isReady) throw refuse.unavailable('This node is cut off.', retryAfterSeconds);
    const slot = slots.reserveAddress(address, options().limits);
    if (!slot.ok && slot.exceeded === 'node') throw refuse.unavailable('Too many connections.', retryAfterSeconds);
    if (!slot.ok) throw tooMany('Too many connections from this address.');
    places.add(() => slot.release());
    return match;
  }

  #createHandshake(request: HandshakeRequest, address: string, match: PathMatch): Handshake {
    const { tokenInQuery, tokenCookie, protocols } = this.#deps.options();
    const offer = resolveOffer(request, {
      tokenInQuery,
      protocols,
      ...(tokenCookie !== '' && { cookieName: tokenCookie }),
    });
    return new Handshake({
      request,
      path: match.endpoint.pattern,
      params: match.params,
      remoteAddress: address,
      token: offer.token,
      connectToken: offer.connectToken,
      deviceId: offer.deviceId ?? createDeviceId(),
      isDeviceNamed: offer.deviceId !== undefined && !isMadeDeviceId(offer.deviceId),
      wantsResume: offer.wantsResume,
      protocol: offer.protocol,
    });
  }

  /** Synchronous, as long as every check is. */
  #check(handshake: Handshake, place: UserPlace): MaybePromise<void> {
    return whenReady(this.#checkOrigin(handshake), () =>
      whenReady(this.#checkAddress(handshake), () => this.#checkIdentity(handshake, place)),
    );
  }

  #checkIdentity(handshake: Handshake, place: UserPlace): MaybePromise<void> {
    // A question must not use up what the upgrade will need; what depends on it stays unanswered.
    if (!handshake.request.isUpgrade && handshake.connectToken !== undefined) return;
    let isDone = false;
    const last = (): MaybePromise<void> =>
      whenReady(this.#authenticate(handshake), () =>
        whenReady(this.#reserveUser(handshake, place), () =>
          whenReady(this.#guard(handshake), () => {
            isDone = true;
          }),
        ),
      );
    return whenReady(this.#runMiddleware(handshake, last), () => {
      if (!isDone) throw notAllowed();
    });
  }

  #checkOrigin(handshake: Handshake): MaybePromise<void> {
    const origin = handshake.header('origin');
    if (origin === undefined || this.#deps.origins === undefined) return;
    return whenReady(this.#deps.origins.isAllowed(origin, handshake), (isAllowed) => {
      if (!isAllowed) throw refuse.forbidden('This origin is not allowed.');
    });
  }

  #checkAddress({ remoteAddress }: Handshake): MaybePromise<void> {
    if (this.#deps.addresses === undefined) return;
    return whenReady(this.#deps.addresses.isAllowed(remoteAddress), (isAllowed) => {
      if (!isAllowed) throw refuse.forbidden('This address is not allowed.');
    });
  }

  #authenticate(handshake: Handshake): MaybePromise<void> {
    return this.#deps.options().auth === 'none' ? undefined : this.#identify(handshake);
  }

  async #identify(handshake: Handshake): Promise<void> {
    const { revocations, options, clock } = this.#deps;
    const { auth, userTypes } = options();
    const principal = await this.#principalOf(handshake);
    if (principal === undefined) {
      if (auth === 'required') throw refuse.unauthorized('Authentication is needed.');
      return;
    }
    requireValid(principal);
    if (principal.expiresAt !== undefined && principal.expiresAt <= clock.now())
      throw refuse.unauthorized('The token has expired.');
    if (await isRevoked(revocations, principal)) throw refuse.unauthorized('The token was revoked.');
    if (!isAllowedUserType(principal, userTypes)) throw refuse.forbidden('This user type is not allowed.');
    handshake.principal = principal;
  }

  /** A handshake has one credential: the first that was found (PROTOCOL.md §1.2). */
  async #principalOf(handshake: Handshake): Promise<Principal | undefined> {
    if (handshake.connectToken === undefined) return this.#deps.authenticator?.authenticate(handshake);
    const principal = await this.#deps.connectTokens?.redeem(handshake.connectToken);
    if (principal === undefined) throw refuse.unauthorized('The connect token is not valid.');
    return principal;
  }

  #reserveUser(handshake: Handshake, { connectionId, reservations }: UserPlace): MaybePromise<void> {
    const { presence, options, clock } = this.#deps;
    const { limits, devicePolicy, nodeId } = options();
    const userId = handshake.principal?.userId;
    const maxConnections = limits.maxConnectionsPerUser;
    const maxDevices = devicePolicy.whenExceeded === 'reject-new' ? devicePolicy.maxDevices : 0;
    if (userId === undefined || (maxConnections === 0 && maxDevices === 0)) return;
    const entry = { connectionId, userId, deviceId: handshake.deviceId, nodeId, since: clock.now() };
    return whenReady(presence.reserve(entry, { maxConnections, maxDevices }), (result) => {
      if (result.ok) reservations.add(() => this.#release(entry));
      else if (result.exceeded === 'devices') throw tooMany('Too many devices of this user.');
      else throw tooMany('Too many connections of this user.');
    });
  }

  #release(entry: PresenceEntry): void {
    const failed = (cause: unknown): void => this.#deps.logger.warn('A place could not be given back.', { cause });
    try {
      const released = this.#deps.presence.release(entry);
      if (isPromiseLike(released)) released.then(undefined, failed);
    } catch (cause) {
      failed(cause);
    }
  }

  #guard(handshake: Handshake): MaybePromise<void> {
    return runInOrder(this.#guards, ({ guard, path }) =>
      path === undefined || path === handshake.path ? refuseFalse(guard(handshake), notAllowed) : undefined,
    );
  }

  async #withDeadline(check: MaybePromise<void>, cancellation: Cancellation): Promise<void> {
    this.#pending.add(cancellation);
    try {
      await withDeadline(check, {
        clock: this.#deps.clock,
        timeoutMs: this.#deps.options().handshakeTimeoutMs,
        cancellation,
        onTimeout: () => refuse.unavailable('The connection could not be checked in time.', retryAfterSeconds),
      });
    } finally {
      this.#pending.delete(cancellation);
    }
  }

  #addressOf(request: HandshakeRequest): string {
    const { addresses } = this.#deps;
    if (addresses === undefined) return request.peerAddress;
    const forwarded = request.headers['x-forwarded-for'];
    return addresses.clientAddress(
      request.peerAddress,
      typeof forwarded === 'string' || forwarded === undefined ? forwarded : forwarded.join(','),
    );
  }

  #refusalOf(error: unknown): HandshakeRefusal {
    const refusal = refusalFrom(error);
    this.#deps.counters.refusedConnections += 1;
    if (refusal.statusCode >= 500 && refusal.cause !== undefined) {
      this.#deps.logger.error('A connection could not be checked.', { cause: refusal.cause });
    }
    return refusal;
  }
}

/** Where a handshake's place among its user's connections is kept. */
interface UserPlace {
  readonly connectionId: string;
  readonly reservations: Reservations;
}

function tooMany(message: string): HandshakeRefusal {
  return refuse.tooManyRequests(message, retryAfterSeconds);
}

function notAllowed(): HandshakeRefusal {
  return refuse.forbidden('This connection is not allowed.');
}

function shuttingDown(): HandshakeRefusal {
  return refuse.unavailable('The server is not taking connections now.', retryAfterSeconds);
}

/** An authenticator is the application's: what it answers is checked before it becomes an address. */
function requireValid(principal: Principal): void {
  if (!isUserId(principal.userId))
    throw refuse.unauthorized(
      'The user id is not valid.',
      new Error('Expected a user id of 1 to 128 printable characters'),
    );
}
