/** What became of a message. */
export type Handling = 'running' | 'done';

/** Remembers the last ids, at most `limit`, so that a message delivered twice is handled once. */
export class RecentIds {
  readonly #handling = new Map<string, Handling>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(id: string): Handling | undefined {
    return this.#handling.get(id);
  }

  set(id: string, handling: Handling): void {
    this.#handling.delete(id);
    this.#handling.set(id, handling);
    if (this.#handling.size <= this.#limit) return;
    const oldest = this.#handling.keys().next();
    if (oldest.done !== true) this.#handling.delete(oldest.value);
  }

  forget(id: string): void {
    this.#handling.delete(id);
  }
}
