// Longer than the gateway takes to tell that somebody is offline, and than a reload takes.
const delayMs = 5_000;

/** Holds back that somebody left the lobby: a page that is loaded anew leaves and joins within a moment. */
export class DelayedLeaves {
  readonly #timers = new Map<string, ReturnType<typeof setTimeout>>();

  /** Calls `leave` later, unless the user comes back. */
  add(userId: string, leave: () => void): void {
    this.cancel(userId);
    const timer = setTimeout(() => {
      this.#timers.delete(userId);
      leave();
    }, delayMs);
    this.#timers.set(userId, timer);
  }

  /** The user is back. */
  cancel(userId: string): void {
    clearTimeout(this.#timers.get(userId));
    this.#timers.delete(userId);
  }

  /** What was held back is out of date. */
  clear(): void {
    for (const userId of [...this.#timers.keys()]) this.cancel(userId);
  }
}
