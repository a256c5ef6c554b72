import { withResolver } from '../async/with-resolver.js';
import type { ByteCount } from '../limits/byte-count.js';
import type { KeepableAnswer, StoredAnswer } from './kept-answer.js';

/** An answer to keep, and until when (monotonic milliseconds). */
export interface KeptAnswer extends KeepableAnswer {
  readonly expiresAt: number;
}

interface Entry {
  readonly fingerprint: string;
  readonly answer: () => Promise<StoredAnswer>;
  /** Absent while the handler runs. */
  readonly kept?: KeptAnswer;
  /** Ends an entry whose handler is not waited for any more; absent while it is. */
  giveUp?: { readonly at: number; readonly run: () => void };
}

/** The request ids of one owner. Kept answers stand in the order in which they were given, and so expire. */
export class IdempotencyOwner {
  readonly #shared: ByteCount;
  readonly #entries = new Map<string, Entry>();
  #inFlight = 0;
  #bytes = 0;

  constructor(shared: ByteCount) {
    this.#shared = shared;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** How many of them have no answer yet. */
  get inFlight(): number {
    return this.#inFlight;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** A handler starts for `id`, which is new. @returns what gives its repeats the answer; call it once. */
  begin(id: string, fingerprint: string): (answer: StoredAnswer, kept: KeptAnswer | undefined) => void {
    const { promise, resolve } = withResolver<StoredAnswer>();
    this.#entries.set(id, { fingerprint, answer: () => promise });
    this.#inFlight += 1;
    return (answer, kept) => {
      resolve(answer);
      this.#inFlight -= 1;
      this.#entries.delete(id);
      if (!kept) return;
      this.#entries.set(id, { fingerprint, answer: () => Promise.resolve(kept.read()), kept });
      this.#count(kept.bytes);
    };
  }

  /** Nobody hears the handler that runs for `id`: `run`, which settles it, is called by the first {@link expire} after `at`. */
  giveUpAt(id: string, at: number, run: () => void): void {
    const entry = this.#entries.get(id);
    if (entry) entry.giveUp = { at, run };
  }

  /** Forgets what has expired, and gives up what has run for too long. */
  expire(now: number): void {
    for (const [id, { kept, giveUp }] of this.#entries) {
      if (giveUp && giveUp.at <= now) giveUp.run();
      if (!kept) continue;
      if (kept.expiresAt > now) return;
      this.#forget(id, kept);
    }
  }

  /** Forgets the oldest kept answer. Answers whether there was one. */
  forgetOldest(): boolean {
    for (const [id, { kept }] of this.#entries) {
      if (!kept) continue;
      this.#forget(id, kept);
      return true;
    }
    return false;
  }

  #forget(id: string, kept: KeptAnswer): void {
    this.#entries.delete(id);
    this.#count(-kept.bytes);
  }

  #count(bytes: number): void {
    this.#bytes += bytes;
    this.#shared.bytes += bytes;
  }
}
