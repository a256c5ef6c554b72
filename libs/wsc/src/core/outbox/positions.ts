import type { MessageLog } from './message-log.js';

/** Positions in a {@link MessageLog}, oldest first. Those whose message has gone are passed over. */
export class Positions {
  readonly #log: MessageLog;
  #positions: number[] = [];
  #head = 0;

  constructor(log: MessageLog) {
    this.#log = log;
  }

  push(position: number): void {
    this.#positions.push(position);
  }

  /** Undefined when none is left. */
  oldest(): number | undefined {
    for (; this.#head < this.#positions.length; this.#head += 1) {
      const position = this.#positions[this.#head];
      if (position !== undefined && this.#log.at(position) !== undefined) return position;
    }
    return undefined;
  }

  /** The oldest, which is then no longer among them. */
  take(): number | undefined {
    const position = this.oldest();
    if (position !== undefined) this.#head += 1;
    return position;
  }

  clear(): void {
    if (this.#positions.length === 0) return;
    this.#positions = [];
    this.#head = 0;
  }
}
