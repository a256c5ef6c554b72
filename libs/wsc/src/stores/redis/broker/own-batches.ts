/**
 * Knows this node's own batches again when Redis brings them back, by their first bytes: they were delivered here when they were
 * published, and reading them only to find that out would cost as much as reading all others.
 */
export class OwnBatches {
  readonly #currentHead: () => string;
  #head = '';
  #bytes = Buffer.alloc(0);
  /** From before the node got another name: some may still be on their way. */
  #earlierBytes = Buffer.alloc(0);

  /** @param currentHead what this node's batches start with; may change. */
  constructor(currentHead: () => string) {
    this.#currentHead = currentHead;
  }

  /** What a batch that goes out now starts with. */
  get head(): string {
    const head = this.#currentHead();
    if (head !== this.#head) {
      this.#earlierBytes = this.#bytes;
      this.#bytes = Buffer.from(head);
      this.#head = head;
    }
    return head;
  }

  has(payload: Buffer): boolean {
    return startsWith(payload, this.#bytes) || startsWith(payload, this.#earlierBytes);
  }
}

function startsWith(payload: Buffer, head: Buffer): boolean {
  return (
    head.length > 0 && payload.length >= head.length && payload.compare(head, 0, head.length, 0, head.length) === 0
  );
}
