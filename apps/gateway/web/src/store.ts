/** Holds one immutable state and tells when it was replaced; several changes in one turn are told once. */
export class Store<State> {
  #state: State;
  #isScheduled = false;
  readonly #listeners = new Set<(state: State) => void>();

  constructor(initial: State) {
    this.#state = initial;
  }

  get state(): State {
    return this.#state;
  }

  /** Replaces the state by what `change` makes of it. */
  update(change: (state: State) => State): void {
    const next = change(this.#state);
    if (next === this.#state) return;
    this.#state = next;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // Not an animation frame: a hidden tab has none, and its title should still count what is unread.
    queueMicrotask(() => {
      this.#isScheduled = false;
      for (const listener of this.#listeners) listener(this.#state);
    });
  }

  subscribe(listener: (state: State) => void): void {
    this.#listeners.add(listener);
  }
}
