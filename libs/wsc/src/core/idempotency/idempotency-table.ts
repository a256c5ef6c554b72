import type { Clock } from '../ports/clock.js';
import type { ByteCount } from '../limits/byte-count.js';
import { IdempotencyOwner } from './idempotency-owner.js';
import { keepable, lostAnswer, type StoredAnswer } from './kept-answer.js';

/** What to do with a request that carries an id. */
export type IdempotencyDecision =
  /** Run the handler, then call `settle`, whatever happened. `keep: false` where a repeat may succeed: it runs again then. */
  | {
      readonly kind: 'new';
      readonly settle: (answer: StoredAnswer, keep: boolean) => void;
      /** Nobody hears the handler any more: where it doesn't end within a minute, its repeats are told that its answer is lost. */
      readonly abandon: () => void;
    }
  /** It has run, or is running: answer the same. Never rejects. */
  | { readonly kind: 'repeat'; readonly answer: Promise<StoredAnswer> }
  /** The id was used for other content. */
  | { readonly kind: 'conflict' }
  /** Too many requests with an id are running: of this owner, or of all. */
  | { readonly kind: 'full' };

/** What an {@link IdempotencyTable} needs. */
export interface IdempotencyOptions {
  readonly clock: Clock;
  /** How long an answer is kept, counted from when it was given. 0: not at all, only requests that are running are shared. */
  readonly windowMs: () => number;
  /** @default 1000 */
  readonly maxEntriesPerOwner?: number;
  /** @default 262_144 */
  readonly maxBytesPerOwner?: number;
  /** @default 100_000 */
  readonly maxOwners?: number;
  /** Of all owners together. @default 67_108_864 */
  readonly maxBytes?: number;
}

type Settle = (answer: StoredAnswer, keep: boolean) => void;

/** How long a handler whose connection has gone counts as running. */
const abandonedMs = 60_000;

/** A request with an id. */
interface IdentifiedRequest {
  readonly owner: string;
  readonly id: string;
  readonly fingerprint: string;
}

/**
 * Lets a request that is sent again under the same id take effect once (PROTOCOL.md §2.6): at most one execution starts per owner
 * and id within the window, and repeats share its answer. Over a limit the oldest answers are forgotten, those of the longest idle
 * owner first.
 */
export class IdempotencyTable {
  readonly #clock: Clock;
  readonly #windowMs: () => number;
  readonly #limits: Required<Omit<IdempotencyOptions, 'clock' | 'windowMs'>>;
  // In the order of last use, the longest idle first.
  readonly #owners = new Map<string, IdempotencyOwner>();
  readonly #kept: ByteCount = { bytes: 0 };

  constructor({ clock, windowMs, ...limits }: IdempotencyOptions) {
    this.#clock = clock;
    this.#windowMs = windowMs;
    this.#limits = {
      maxEntriesPerOwner: limits.maxEntriesPerOwner ?? 1000,
      maxBytesPerOwner: limits.maxBytesPerOwner ?? 262_144,
      maxOwners: limits.maxOwners ?? 100_000,
      maxBytes: limits.maxBytes ?? 67_108_864,
    };
  }

  /** How many owners have a request running or an answer kept. */
  get ownerCount(): number {
    return this.#owners.size;
  }

  /** What all kept answers take, roughly. */
  get bytes(): number {
    return this.#kept.bytes;
  }

  /**
   * @param owner whose limits hold: the user, else the session.
   * @param id unique for the owner: the client's id, with what it is scoped to.
   * @param fingerprint of the content, made by `fingerprintOf`.
   */
  begin(owner: string, id: string, fingerprint: string): IdempotencyDecision {
    const now = this.#clock.monotonic();
    this.#expireIdleOwners(now);
    const entries = this.#owners.get(owner) ?? new IdempotencyOwner(this.#kept);
    entries.expire(now);
    const existing = entries.get(id);
    if (existing && existing.fingerprint !== fingerprint) return { kind: 'conflict' };
    if (existing) return { kind: 'repeat', answer: existing.answer() };
    if (!this.#makeRoom(entries) || !this.#use(owner, entries)) return { kind: 'full' };
    const settle = this.#start(entries, { owner, id, fingerprint });
    return { kind: 'new', settle, abandon: () => this.#abandon(entries, id, settle) };
  }

  #start(entries: IdempotencyOwner, request: IdentifiedRequest): Settle {
    const finish = entries.begin(request.id, request.fingerprint);
    let isSettled = false;
    return (answer, keep) => {
      if (isSettled) return;
      isSettled = true;
      const windowMs = keep ? this.#windowMs() : 0;
      const expiresAt = this.#clock.monotonic() + windowMs;
      finish(answer, windowMs > 0 ? { ...keepable(answer, this.#limits.maxBytesPerOwner), expiresAt } : undefined);
      this.#trim(entries);
      if (entries.size === 0) this.#owners.delete(request.owner);
    };
  }

  /** Without a timer: until the next request comes, nobody would know. */
  #abandon(entries: IdempotencyOwner, id: string, settle: Settle): void {
    const message = 'This request was begun, but its connection has gone and it has not ended.';
    entries.giveUpAt(id, this.#clock.monotonic() + abandonedMs, () => settle(lostAnswer(message), true));
  }

  /** Makes room for one more id of an owner. Requests that are running can't be forgotten. */
  #makeRoom(entries: IdempotencyOwner): boolean {
    while (entries.size >= this.#limits.maxEntriesPerOwner) if (!entries.forgetOldest()) return false;
    return true;
  }

  /** Makes the owner the most recently used one; a new one may take the place of the longest idle. */
  #use(owner: string, entries: IdempotencyOwner): boolean {
    this.#owners.delete(owner);
    if (this.#owners.size >= this.#limits.maxOwners && !this.#forgetIdleOwner()) return false;
    this.#owners.set(owner, entries);
    return true;
  }

  #forgetIdleOwner(): boolean {
    for (const [owner, entries] of this.#owners) {
      if (entries.inFlight > 0) continue;
      while (entries.forgetOldest());
      return this.#owners.delete(owner);
    }
    return false;
  }

  /** Two owners at most, so that what came and went is forgotten as fast as new ones come, and no request pays for all of them. */
  #expireIdleOwners(now: number): void {
    let visits = 2;
    for (const [owner, entries] of this.#owners) {
      if (visits === 0) return;
      visits -= 1;
      entries.expire(now);
      if (entries.size > 0 && entries.inFlight === 0) return;
      this.#owners.delete(owner);
      if (entries.size > 0) this.#owners.set(owner, entries);
    }
  }

  #trim(entries: IdempotencyOwner): void {
    while (entries.bytes > this.#limits.maxBytesPerOwner) entries.forgetOldest();
    if (this.#kept.bytes <= this.#limits.maxBytes) return;
    for (const [owner, longestIdle] of this.#owners) {
      while (this.#kept.bytes > this.#limits.maxBytes && longestIdle.forgetOldest());
      if (longestIdle.size === 0) this.#owners.delete(owner);
      if (this.#kept.bytes <= this.#limits.maxBytes) return;
    }
  }
}
