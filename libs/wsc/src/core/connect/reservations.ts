/** Places that one handshake has taken. What is taken after they were given back is given back at once. */
export class Reservations {
  #held: (() => void)[] | undefined = [];

  /** @param giveBack gives back one place; called once. */
  add(giveBack: () => void): void {
    if (this.#held === undefined) giveBack();
    else this.#held.push(giveBack);
  }

  /** Gives all back. A second call does nothing. */
  readonly release = (): void => {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const giveBack of held) giveBack();
  };
}
