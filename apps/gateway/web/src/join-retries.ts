import type { WscError } from '@nest-wsc/client';
import { withFailedJoins } from './conversations.js';
import type { AppState } from './state.js';
import type { Store } from './store.js';

const firstDelayMs = 1_000;
const longestDelayMs = 15_000;

interface Retry {
  /** Attempts that have failed. */
  readonly count: number;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** Joins rooms again, later each time, that the gateway can't let anybody into now, and shows that it does. */
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
    const { count: failures = 0, timer: former } = this.#retries.get(room) ?? {};
    clearTimeout(former);
    const delayMs = Math.max(retryAfterMs, spread(Math.min(longestDelayMs, firstDelayMs * 2 ** failures)));
    const count = failures + 1;
    this.#retries.set(room, { count, timer: setTimeout(() => this.#join(room), delayMs) });
    this.#store.update((state) => withFailedJoins(state, room, count));
  }

  /** The room is joined, or nobody wants to any more. */
  end(room: string): void {
    clearTimeout(this.#retries.get(room)?.timer);
    if (this.#retries.delete(room)) this.#store.update((state) => withFailedJoins(state, room, 0));
  }

  endAll(): void {
    for (const room of [...this.#retries.keys()]) this.end(room);
  }
}

/** Between half of it and all: every page waits for the same gateway. */
const spread = (delayMs: number): number => delayMs * (0.5 + Math.random() / 2);
