import type { Priority } from '../messages/message.js';
import type { EncodedMessage } from './encoded-message.js';

/** One lane: first in, first out. */
class Lane {
  readonly #messages: EncodedMessage[] = [];
  // A head instead of shift(), which would move all the others for each message: they are moved once per write.
  #head = 0;
  /** How many at the head don't count against the budget. */
  exemptCount = 0;

  get count(): number {
    return this.#messages.length - this.#head;
  }

  get countedCount(): number {
    return this.count - this.exemptCount;
  }

  peek(): EncodedMessage | undefined {
    return this.#messages[this.#head];
  }

  push(message: EncodedMessage): void {
    this.#messages.push(message);
  }

  /** Answers whether the message was exempt. */
  drop(): boolean {
    this.#head += 1;
    if (this.exemptCount === 0) return false;
    this.exemptCount -= 1;
    return true;
  }

  compact(): void {
    this.#messages.splice(0, this.#head);
    this.#head = 0;
  }
}

/**
 * What waits for a link that takes no more bytes: the connection's own references to shared messages, in two lanes.
 * Its owner keeps the budget; what is exempt does not count against it.
 */
export class BlockedQueue {
  readonly #lanes: Readonly<Record<Priority, Lane>> = { high: new Lane(), normal: new Lane() };
  #byteLength = 0;
  #exemptBytes = 0;

  get count(): number {
    return this.#lanes.high.count + this.#lanes.normal.count;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  get countedCount(): number {
    return this.#lanes.high.countedCount + this.#lanes.normal.countedCount;
  }

  get countedHighCount(): number {
    return this.#lanes.high.countedCount;
  }

  get countedBytes(): number {
    return this.#byteLength - this.#exemptBytes;
  }

  push(message: EncodedMessage): void {
    this.#lanes[message.lane].push(message);
    this.#byteLength += message.bytes.length;
  }

  /** What it holds by now does not count any more. */
  exempt(): void {
    for (const lane of [this.#lanes.high, this.#lanes.normal]) lane.exemptCount = lane.count;
    this.#exemptBytes = this.#byteLength;
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
    this.#lanes.high.compact();
    this.#lanes.normal.compact();
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts, bytes);
  }

  #peek(): EncodedMessage | undefined {
    return this.#lanes.high.peek() ?? this.#lanes.normal.peek();
  }

  #drop(message: EncodedMessage): void {
    this.#byteLength -= message.bytes.length;
    if (this.#lanes[message.lane].drop()) this.#exemptBytes -= message.bytes.length;
  }
}
