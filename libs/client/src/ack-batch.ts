import { maxAckIds } from '@nest-wsc/protocol';

/** Gathers the acks of one turn into few envelopes (PROTOCOL.md §2.4). */
export class AckBatch {
  readonly #send: (ids: readonly string[]) => void;
  #ids: string[] = [];

  constructor(send: (ids: readonly string[]) => void) {
    this.#send = send;
  }

  add(id: string): void {
    this.#ids.push(id);
    if (this.#ids.length >= maxAckIds) this.#flush();
    else if (this.#ids.length === 1) queueMicrotask(() => this.#flush());
  }

  #flush(): void {
    if (this.#ids.length === 0) return;
    const ids = this.#ids;
    this.#ids = [];
    this.#send(ids);
  }
}
