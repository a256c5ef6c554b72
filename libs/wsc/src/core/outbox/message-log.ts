import type { EncodedMessage } from './encoded-message.js';

/** Fewer gaps than this are not worth closing. */
const minGapCount = 64;

/**
 * Messages in the order in which they came, of both lanes, at positions that stay theirs when others go. A message that goes leaves a
 * gap, so every step is O(1); {@link MessageLog.squeeze} closes the gaps. Costs one reference per message, and a number for a high one.
 */
export class MessageLog {
  #messages: (EncodedMessage | undefined)[] = [];
  /** Where the messages of the high lane stand. */
  #highPositions: number[] = [];
  /** Before them nothing is left. */
  #head = 0;
  #highHead = 0;
  #count = 0;
  #highCount = 0;
  #byteLength = 0;

  get count(): number {
    return this.#count;
  }

  get highCount(): number {
    return this.#highCount;
  }

  get byteLength(): number {
    return this.#byteLength;
  }

  /** Where the next message will stand. */
  get end(): number {
    return this.#messages.length;
  }

  /** Whether there are more gaps than messages. */
  get isSparse(): boolean {
    const gapCount = this.#messages.length - this.#count;
    return gapCount > minGapCount && gapCount > this.#count;
  }

  /** Undefined where it is gone. */
  at(position: number): EncodedMessage | undefined {
    return this.#messages[position];
  }

  /** Where the message stands that leaves next: the oldest of the high lane, else the oldest. Undefined when it is empty. */
  next(): number | undefined {
    for (; this.#highHead < this.#highPositions.length; this.#highHead += 1) {
      const position = this.#highPositions[this.#highHead];
      if (position !== undefined && this.#messages[position] !== undefined) return position;
    }
    for (; this.#head < this.#messages.length; this.#head += 1) {
      if (this.#messages[this.#head] !== undefined) return this.#head;
    }
    return undefined;
  }

  /** Answers its position. */
  push(message: EncodedMessage): number {
    const position = this.#messages.push(message) - 1;
    if (message.lane === 'high') {
      this.#highPositions.push(position);
      this.#highCount += 1;
    }
    this.#count += 1;
    this.#byteLength += message.bytes.length;
    return position;
  }

  /** Answers what stood there. */
  remove(position: number): EncodedMessage | undefined {
    const message = this.#messages[position];
    if (message === undefined) return undefined;
    this.#messages[position] = undefined;
    if (message.lane === 'high') this.#highCount -= 1;
    this.#count -= 1;
    this.#byteLength -= message.bytes.length;
    return message;
  }

  /** Closes the gaps: whoever has noted a position has to forget it. */
  squeeze(): void {
    this.#messages = this.#messages.filter((message) => message !== undefined);
    this.#highPositions = [];
    this.#head = 0;
    this.#highHead = 0;
    for (let position = 0; position < this.#messages.length; position += 1) {
      if (this.#messages[position]?.lane === 'high') this.#highPositions.push(position);
    }
  }
}
