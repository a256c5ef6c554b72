import type { WscError } from '@nest-wsc/client';
import { withFailedJoins } from './conversations.js';
import type { AppState } from './state.js';
import type { Store } from './store.js';

const firstDelayMs = 1_000;
const longestDelayMs = 15_000;

interface Retry {
  /** Attempts that have failed. */
  readonly count: number;
  /** Absent where the client tries again by itself, since it was in the room before. */
  readonly timer?: ReturnType<typeof setTimeout>;
}

/** Joins rooms again, later each time, that the gateway can't let anybody into now, and shows that it or the client does. */
export class JoinRetries {
  readonly #store: Store<AppState>;
  readonly #join: (room: string) => void;
  readonly #retries = new Map<string, Retry>();

  constructor(store: Store<AppState>, join: (room: string) => void) {
    this.#store = store;
    this.#join = join;
  }

  /** An attempt has failed. */
  add(room: string, { retryAfterMs = 0 }: WscError): void {
    const failures = this.#retries.get(room)?.count ?? 0;
    const delayMs = Math.max(retryAfterMs, spread(Math.min(longestDelayMs, firstDelayMs * 2 ** failures)));
    this.#set(room, { count: failures + 1, timer: setTimeout(() => this.#join(room), delayMs) });
  }

  /** An attempt of the client has failed, which will make the next one. */
  addOfClient(room: string): void {
    this.#set(room, { count: (this.#retries.get(room)?.count ?? 0) + 1 });
  }

  /** The room is joined, or nobody wants to any more. */
  end(room: string): void {
    clearTimeout(this.#retries.get(room)?.timer);
    if (this.#retries.delete(room)) this.#store.update((state) => withFailedJoins(state, room, 0));
  }

  /** The client is in all its rooms again. */
  endOfClient(): void {
    for (const [room, { timer }] of [...this.#retries]) if (timer === undefined) this.end(room);
  }

  endAll(): void {
    for (const room of [...this.#retries.keys()]) this.end(room);
  }

  #set(room: string, retry: Retry): void {
    clearTimeout(this.#retries.get(room)?.timer);
    this.#retries.set(room, retry);
    this.#store.update((state) => withFailedJoins(state, room, retry.count));
  }
}

/** Between half of it and all: every page waits for the same gateway. */
const spread = (delayMs: number): number => delayMs * (0.5 + Math.random() / 2);
