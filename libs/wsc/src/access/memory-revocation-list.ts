import { WscError } from '@nest-wsc/protocol';
import type { RevocationList } from '../core/ports/access.js';
import type { Clock } from '../core/ports/clock.js';

/**
 * Revoked credentials of one process, kept until they would have expired. Promises: an entry is never forgotten before its
 * time; when the list is full, revoking fails loudly instead. Does not promise: to outlive the process.
 */
export class MemoryRevocationList implements RevocationList {
  readonly #clock: Clock;
  readonly #maxEntries: number;
  /** Token id → milliseconds since 1970. */
  readonly #until = new Map<string, number>();
  /** No entry expires before; so a full list is searched for expired entries only when there are some. */
  #earliest = Infinity;

  /** @param dependencies.maxEntries @default 100_000, about 20 MB */
  constructor(dependencies: { readonly clock: Clock; readonly maxEntries?: number }) {
    this.#clock = dependencies.clock;
    this.#maxEntries = dependencies.maxEntries ?? 100_000;
  }

  /**
   * @param until milliseconds since 1970; a later one for the same token wins. `Infinity` for a credential without an end.
   * @throws {WscError} WSC_UNAVAILABLE when the list is full of entries that are still needed.
   */
  revoke(tokenId: string, until: number): void {
    if (Number.isNaN(until)) throw new TypeError('Expected `until` to be milliseconds since 1970, got NaN.');
    if (until <= this.#clock.now()) return;
    const known = this.#until.get(tokenId);
    if (known === undefined) this.#makeRoom();
    this.#until.set(tokenId, Math.max(known ?? 0, until));
    this.#earliest = Math.min(this.#earliest, until);
  }

  isRevoked(tokenId: string): boolean {
    const until = this.#until.get(tokenId);
    if (until === undefined) return false;
    if (until > this.#clock.now()) return true;
    this.#until.delete(tokenId);
    return false;
  }

  /** Entries held, expired ones that nobody asked about included. */
  get size(): number {
    return this.#until.size;
  }

  #makeRoom(): void {
    if (this.#until.size < this.#maxEntries) return;
    this.#dropExpired();
    if (this.#until.size < this.#maxEntries) return;
    throw new WscError('WSC_UNAVAILABLE', { message: 'The list of revoked tokens is full.' });
  }

  #dropExpired(): void {
    const now = this.#clock.now();
    if (this.#earliest > now) return;
    this.#earliest = Infinity;
    for (const [tokenId, until] of this.#until) {
      if (until <= now) this.#until.delete(tokenId);
      else this.#earliest = Math.min(this.#earliest, until);
    }
  }
}
