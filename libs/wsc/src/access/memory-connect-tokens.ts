import { createHash, randomBytes } from 'node:crypto';
import { WscError } from '@nest-wsc/protocol';
import type { Principal } from '../core/connect/principal.js';
import type { ConnectTokens, IssuedConnectToken } from '../core/ports/access.js';
import type { Clock } from '../core/ports/clock.js';

/** Bounds of {@link MemoryConnectTokens}. */
export interface MemoryConnectTokensOptions {
  /** How long a token may be redeemed, in milliseconds; never longer than the principal's own credential. @default 30_000 */
  readonly timeToLiveMs?: number | undefined;
  /** Tokens open at the same time, of all users: at about 1 kB each. @default 50_000 */
  readonly maxOpen?: number | undefined;
  /** Tokens open at the same time of one user; one more ends that user's oldest, and nobody else's. @default 20 */
  readonly maxOpenPerUser?: number | undefined;
}

interface OpenToken {
  readonly principal: Principal;
  /** On the clock's monotonic scale. */
  readonly deadline: number;
}

const tokenBytes = 32;
// 32 bytes in base64url.
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/** One-time connect tokens of one process: 256 random bits each, kept hashed. Does not promise: to outlive the process. */
export class MemoryConnectTokens implements ConnectTokens {
  readonly #clock: Clock;
  readonly #timeToLiveMs: number;
  readonly #maxOpen: number;
  readonly #maxOpenPerUser: number;
  /** By hash, oldest first; a map keeps the order of insertion. */
  readonly #open = new Map<string, OpenToken>();
  /** Their hashes, oldest first. */
  readonly #hashesByUser = new Map<string, Set<string>>();

  constructor(options: MemoryConnectTokensOptions, dependencies: { readonly clock: Clock }) {
    this.#clock = dependencies.clock;
    this.#timeToLiveMs = options.timeToLiveMs ?? 30_000;
    this.#maxOpen = options.maxOpen ?? 50_000;
    this.#maxOpenPerUser = options.maxOpenPerUser ?? 20;
  }

  /**
   * @throws {WscError} WSC_LIMIT_EXCEEDED when others have taken every place, WSC_UNAUTHORIZED when the principal's credential
   *   ends within this second.
   */
  issue(principal: Principal): IssuedConnectToken {
    const credentialMs = (principal.expiresAt ?? Infinity) - this.#clock.now();
    if (credentialMs < 1000) throw new WscError('WSC_UNAUTHORIZED');
    this.#dropExpired();
    this.#makeRoom(principal.userId);
    const timeToLiveMs = Math.min(this.#timeToLiveMs, credentialMs);
    const connectToken = randomBytes(tokenBytes).toString('base64url');
    this.#add(hashOf(connectToken), { principal, deadline: this.#clock.monotonic() + timeToLiveMs });
    return { connectToken, expiresIn: Math.floor(timeToLiveMs / 1000) };
  }

  redeem(connectToken: string): Principal | undefined {
    if (!tokenPattern.test(connectToken)) return undefined;
    const hash = hashOf(connectToken);
    const open = this.#open.get(hash);
    if (!open) return undefined;
    this.#remove(hash, open);
    return open.deadline > this.#clock.monotonic() ? open.principal : undefined;
  }

  /** Tokens held. */
  get size(): number {
    return this.#open.size;
  }

  /** From the oldest on. One that ends early with its credential may wait behind older ones; `redeem` looks at the time. */
  #dropExpired(): void {
    const now = this.#clock.monotonic();
    for (const [hash, open] of this.#open) {
      if (open.deadline > now) return;
      this.#remove(hash, open);
    }
  }

  /** A user's newest token is the one about to be used, so an older one of that user goes before anybody is refused. */
  #makeRoom(userId: string): void {
    const own = this.#hashesByUser.get(userId);
    const isFull = this.#open.size >= this.#maxOpen;
    if (!isFull && (own?.size ?? 0) < this.#maxOpenPerUser) return;
    const [oldest] = own ?? [];
    const open = oldest === undefined ? undefined : this.#open.get(oldest);
    if (oldest === undefined || open === undefined) {
      throw new WscError('WSC_LIMIT_EXCEEDED', {
        message: 'Too many connect tokens are open.',
        retryAfterMs: this.#timeToLiveMs,
      });
    }
    this.#remove(oldest, open);
  }

  #add(hash: string, token: OpenToken): void {
    const { userId } = token.principal;
    this.#open.set(hash, token);
    const own = this.#hashesByUser.get(userId);
    if (own === undefined) this.#hashesByUser.set(userId, new Set([hash]));
    else own.add(hash);
  }

  #remove(hash: string, { principal }: OpenToken): void {
    this.#open.delete(hash);
    const own = this.#hashesByUser.get(principal.userId);
    own?.delete(hash);
    if (own?.size === 0) this.#hashesByUser.delete(principal.userId);
  }
}

/** Looked up by hash, so that neither a memory dump nor the time of a comparison tells a token. */
function hashOf(connectToken: string): string {
  return createHash('sha256').update(connectToken).digest('base64url');
}
