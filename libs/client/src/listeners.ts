import { callSafely } from './settle.js';

/** Ends a subscription; calling it again does nothing. */
export type Unsubscribe = () => void;

/** Functions that want to hear of one thing. One that throws disturbs neither the others nor the client. */
export class Listeners<Arguments extends readonly unknown[]> {
  readonly #entries = new Set<{ readonly listener: (...args: Arguments) => unknown }>();
  readonly #onThrow: (error: unknown) => void;

  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  get count(): number {
    return this.#entries.size;
  }

  /** The same function may be added twice; each has its own unsubscribe. */
  add(listener: (...args: Arguments) => unknown): Unsubscribe {
    const entry = { listener };
    this.#entries.add(entry);
    return () => {
      this.#entries.delete(entry);
    };
  }

  emit(...args: Arguments): void {
    for (const { listener } of [...this.#entries]) callSafely(() => listener(...args), this.#onThrow);
  }
}
