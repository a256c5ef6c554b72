import { WscError } from '@nest-wsc/protocol';
import { errors, jwtVerify, type JWTVerifyOptions } from 'jose';
import type { Handshake } from '../core/connect/handshake.js';
import type { Principal } from '../core/connect/principal.js';
import { refuse } from '../core/connect/refusal.js';
import type { Authenticator } from '../core/ports/access.js';
import type { Clock } from '../core/ports/clock.js';
import type { Logger } from '../core/ports/logger.js';
import { createVerifier, type JwtKeys, type Verifier } from './jwt-keys.js';
import { principalFrom, type JwtClaimOptions } from './jwt-principal.js';
import { KeysUnavailableError } from './remote-key-set.js';

/** How tokens are checked (docs/auth.md). */
export interface JwtOptions extends JwtClaimOptions {
  readonly keys: JwtKeys;
  /** Fewer algorithms than the kind of key could have. @default all of that kind */
  readonly algorithms?: readonly string[] | undefined;
  /** Accepted values of `iss`. @default any */
  readonly issuer?: string | readonly string[] | undefined;
  /** Accepted values in `aud`. @default any */
  readonly audience?: string | readonly string[] | undefined;
  /** How far ahead the issuer's clock may be, for `nbf`. A token ends at its `exp` exactly. @default 5 */
  readonly clockToleranceSeconds?: number | undefined;
}

/** What a {@link JwtAuthenticator} works with. */
export interface JwtDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

const maxTokenBytes = 8 * 1024;

/** A token that is not good. The text is shown to the client; why it is not good stays in the cause. */
class TokenRefused extends Error {}

/**
 * Principals from JSON Web Tokens (RFC 7519, RFC 8725). Keys and algorithms come from the
 * options only: `jwk`, `jku`, `x5c` and `x5u` of a token are ignored. `exp` is required.
 * Does not look into the revocation list; the hub does, by {@link Principal.tokenId}.
 */
export class JwtAuthenticator implements Authenticator {
  readonly #options: JwtOptions;
  readonly #clock: Clock;
  readonly #verifier: Verifier;
  readonly #checks: JWTVerifyOptions;

  /** @throws {Error} saying which option can't be used. */
  constructor(options: JwtOptions, dependencies: JwtDependencies) {
    this.#options = options;
    this.#clock = dependencies.clock;
    this.#verifier = createVerifier(options.keys, options.algorithms, dependencies);
    this.#checks = {
      algorithms: [...this.#verifier.algorithms],
      requiredClaims: ['exp'],
      clockTolerance: options.clockToleranceSeconds ?? 5,
      ...(options.issuer !== undefined && { issuer: listOf(options.issuer) }),
      ...(options.audience !== undefined && { audience: listOf(options.audience) }),
    };
  }

  /** @throws {HandshakeRefusal} 401, or 503 with `Retry-After` while keys can't be fetched. */
  async authenticate(handshake: Handshake): Promise<Principal | undefined> {
    const { token } = handshake;
    if (token === undefined) return undefined;
    try {
      return await this.#principalOf(token);
    } catch (error) {
      if (error instanceof TokenRefused) throw refuse.unauthorized(error.message, error.cause);
      if (!(error instanceof KeysUnavailableError)) throw error;
      throw refuse.unavailable('Tokens cannot be checked now.', Math.ceil(error.retryAfterMs / 1000));
    }
  }

  /** @throws {WscError} WSC_UNAUTHORIZED, or WSC_UNAVAILABLE while keys can't be fetched. */
  async verify(token: string): Promise<Principal> {
    try {
      return await this.#principalOf(token);
    } catch (error) {
      if (error instanceof TokenRefused) {
        throw new WscError('WSC_UNAUTHORIZED', { message: error.message, cause: error.cause });
      }
      if (!(error instanceof KeysUnavailableError)) throw error;
      throw new WscError('WSC_UNAVAILABLE', { retryAfterMs: error.retryAfterMs, cause: error });
    }
  }

  /** @throws {TokenRefused} @throws {KeysUnavailableError} */
  async #principalOf(token: string): Promise<Principal> {
    const claims = await this.#claimsOf(token);
    const principal = principalFrom(token, claims, this.#options);
    if (!principal) throw new TokenRefused('The token is not valid.');
    // jose grants the tolerance to `exp` too, and a connection would be made only to be closed with 4001 at once.
    if ((principal.expiresAt ?? 0) <= this.#clock.now()) throw new TokenRefused('The token has expired.');
    return principal;
  }

  async #claimsOf(token: string): Promise<Readonly<Record<string, unknown>>> {
    if (token.length > maxTokenBytes) throw new TokenRefused('The token is not valid.');
    try {
      const checks = { ...this.#checks, currentDate: new Date(this.#clock.now()) };
      const { payload } = await jwtVerify(token, this.#verifier.key, checks);
      return payload;
    } catch (cause) {
      if (cause instanceof KeysUnavailableError) throw cause;
      // The signature was checked before the times, so this tells nothing about a forged token.
      const isExpired = cause instanceof errors.JWTExpired;
      throw new TokenRefused(isExpired ? 'The token has expired.' : 'The token is not valid.', { cause });
    }
  }
}

function listOf(value: string | readonly string[]): string[] {
  return typeof value === 'string' ? [value] : [...value];
}
