/** Things that happen, to be awaited in their order. */
export class Inbox<T> {
  readonly #items: T[] = [];
  readonly #readers: ((item: T) => void)[] = [];

  /** Things that nobody has taken yet. */
  get items(): readonly T[] {
    return this.#items;
  }

  push(item: T): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#items.push(item);
    else reader(item);
  }

  /** The oldest that nobody has taken, or the next to come. */
  next(): Promise<T> {
    const item = this.#items.shift();
    return item === undefined ? new Promise((resolve) => this.#readers.push(resolve)) : Promise.resolve(item);
  }
}
