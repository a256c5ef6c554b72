import type { EncodedMessage } from './encoded-message.js';

/**
 * What waits for a link that takes no more bytes: the connection's own references to shared messages, in two lanes.
 * Its owner keeps the budget.
 */
export class BlockedQueue {
  readonly #high: EncodedMessage[] = [];
  readonly #normal: EncodedMessage[] = [];
  // Heads instead of shift(), which would move all the others for each message: they are moved once per write.
  #highHead = 0;
  #normalHead = 0;
  #byteLength = 0;

  get count(): number {
    return this.highCount + this.#normal.length - this.#normalHead;
  }

  get highCount(): number {
    return this.#high.length - this.#highHead;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  push(message: EncodedMessage): void {
    (message.lane === 'high' ? this.#high : this.#normal).push(message);
    this.#byteLength += message.bytes.length;
  }

  /** Takes messages for one write: the high lane first, at least one message, then up to `maxBytes`. */
  take(maxBytes: number): Buffer {
    const parts: Buffer[] = [];
    let bytes = 0;
    for (
      let next = this.#peek();
      next !== undefined && (bytes === 0 || bytes + next.bytes.length <= maxBytes);
      next = this.#peek()
    ) {
      this.#drop(next);
      parts.push(next.bytes);
      bytes += next.bytes.length;
    }
    this.#compact();
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, bytes);
  }

  #peek(): EncodedMessage | undefined {
    return this.#high[this.#highHead] ?? this.#normal[this.#normalHead];
  }

  #drop(message: EncodedMessage): void {
    if (message.lane === 'high') this.#highHead += 1;
    else this.#normalHead += 1;
    this.#byteLength -= message.bytes.length;
  }

  #compact(): void {
    this.#high.splice(0, this.#highHead);
    this.#normal.splice(0, this.#normalHead);
    this.#highHead = 0;
    this.#normalHead = 0;
  }
}
