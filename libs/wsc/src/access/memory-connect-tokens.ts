import { createHash, randomBytes } from 'node:crypto';
import { WscError } from '@nest-wsc/protocol';
import type { Principal } from '../core/connect/principal.js';
import type { ConnectTokens, IssuedConnectToken } from '../core/ports/access.js';
import type { Clock } from '../core/ports/clock.js';

/** Bounds of {@link MemoryConnectTokens}. */
export interface MemoryConnectTokensOptions {
  /** How long a token may be redeemed, in milliseconds; never longer than the principal's own credential. @default 30_000 */
  readonly timeToLiveMs?: number | undefined;
  /** Tokens open at the same time, of all users. @default 10_000 */
  readonly maxOpen?: number | undefined;
  /** Tokens open at the same time of one user, so that one user can't take everybody's place. @default 20 */
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
  readonly #openCountByUser = new Map<string, number>();

  constructor(options: MemoryConnectTokensOptions, dependencies: { readonly clock: Clock }) {
    this.#clock = dependencies.clock;
    this.#timeToLiveMs = options.timeToLiveMs ?? 30_000;
    this.#maxOpen = options.maxOpen ?? 10_000;
    this.#maxOpenPerUser = options.maxOpenPerUser ?? 20;
  }

  /**
   * @throws {WscError} WSC_LIMIT_EXCEEDED when too many tokens are open, WSC_UNAUTHORIZED when the principal's credential
   *   ends within this second.
   */
  issue(principal: Principal): IssuedConnectToken {
    this.#dropExpired();
    if (this.#open.size >= this.#maxOpen || this.#openCountOf(principal.userId) >= this.#maxOpenPerUser) {
      throw new WscError('WSC_LIMIT_EXCEEDED', {
        message: 'Too many connect tokens are open.',
        retryAfterMs: this.#timeToLiveMs,
      });
    }
    const credentialMs = (principal.expiresAt ?? Infinity) - this.#clock.now();
    if (credentialMs < 1000) throw new WscError('WSC_UNAUTHORIZED');
    const timeToLiveMs = Math.min(this.#timeToLiveMs, credentialMs);
    const connectToken = randomBytes(tokenBytes).toString('base64url');
    this.#open.set(hashOf(connectToken), { principal, deadline: this.#clock.monotonic() + timeToLiveMs });
    this.#openCountByUser.set(principal.userId, this.#openCountOf(principal.userId) + 1);
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

  #remove(hash: string, { principal }: OpenToken): void {
    this.#open.delete(hash);
    const left = this.#openCountOf(principal.userId) - 1;
    if (left > 0) this.#openCountByUser.set(principal.userId, left);
    else this.#openCountByUser.delete(principal.userId);
  }

  #openCountOf(userId: string): number {
    return this.#openCountByUser.get(userId) ?? 0;
  }
}

/** Looked up by hash, so that neither a memory dump nor the time of a comparison tells a token. */
function hashOf(connectToken: string): string {
  return createHash('sha256').update(connectToken).digest('base64url');
}
