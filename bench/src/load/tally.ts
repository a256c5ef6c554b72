/** Which of the messages that a client should get it has had: each once, in order. */
export class Tally {
  readonly #first: number;
  /** 1 for each that was had. */
  readonly #had: Uint8Array;
  #newest = -1;
  #distinct = 0;
  #repeated = 0;
  #disordered = 0;

  /** Of `count` messages that are numbered from `first` on. */
  constructor(first: number, count: number) {
    this.#first = first;
    this.#had = new Uint8Array(count);
  }

  add(number: number): void {
    const index = number - this.#first;
    // One from outside is one that the client had before it went away.
    if (this.#had[index] !== 0) {
      this.#repeated += 1;
      return;
    }
    this.#had[index] = 1;
    this.#distinct += 1;
    if (index < this.#newest) this.#disordered += 1;
    else this.#newest = index;
  }

  get distinct(): number {
    return this.#distinct;
  }

  get missing(): number {
    return this.#had.length - this.#distinct;
  }

  /** Had again, or before. */
  get repeated(): number {
    return this.#repeated;
  }

  /** Came after one that they should have come before. */
  get disordered(): number {
    return this.#disordered;
  }
}
