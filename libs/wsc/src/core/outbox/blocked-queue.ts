import type { OutboxLimits } from '../hub-options.js';
import { toBuffer, type LinkBytes } from '../ports/transport.js';
import { DropIndex, type DropScope } from './drop-index.js';
import type { EncodedMessage } from './encoded-message.js';
import { MessageLog } from './message-log.js';

/** What became of a message: `dropped`: left out by its policy; `over-budget`: no policy could make room for it. */
export type PushOutcome = 'queued' | 'dropped' | 'over-budget';

/** Who is told of what a {@link BlockedQueue} lets go. */
export interface DropListener {
  /** A policy lets go of `message`: one that was queued, or the one that is pushed now. */
  messageDropped(message: EncodedMessage, wasQueued: boolean): void;
}

/** What a {@link BlockedQueue} needs. */
export interface BlockedQueueOptions {
  readonly limits: () => OutboxLimits;
  /** How many budgets it may hold until {@link BlockedQueue.exempt}. */
  readonly factor: number;
  readonly listener: DropListener;
}

/**
 * What waits for a link that takes no bytes: the connection's own references to shared messages, in two lanes, within a budget.
 * Within it nothing is dropped; over it the new message's policy decides, and every push is O(1) amortised all the same.
 */
export class BlockedQueue {
  readonly #limits: () => OutboxLimits;
  readonly #listener: DropListener;
  readonly #log = new MessageLog();
  #index: DropIndex | undefined;
  #factor: number;
  /** What stands before it does not count; the others are how much of that is left. */
  #exemptEnd = 0;
  #exemptCount = 0;
  #exemptHighCount = 0;
  #exemptBytes = 0;

  constructor(options: BlockedQueueOptions) {
    this.#limits = options.limits;
    this.#factor = options.factor;
    this.#listener = options.listener;
  }

  get count(): number {
    return this.#log.count;
  }

  get byteLength(): number {
    return this.#log.byteLength;
  }

  push(message: EncodedMessage): PushOutcome {
    if (this.#log.isSparse) this.#squeeze();
    if (this.#excess(message) !== undefined) {
      const outcome = this.#pushOverBudget(message);
      if (outcome !== 'queued') return outcome;
    }
    const position = this.#log.push(message);
    this.#index?.note(position, message);
    return 'queued';
  }

  /** What it holds by now does not count any more, and from here on one budget is all. */
  exempt(): void {
    this.#factor = 1;
    this.#index = undefined;
    this.#exemptEnd = this.#log.end;
    this.#exemptCount = this.#log.count;
    this.#exemptHighCount = this.#log.highCount;
    this.#exemptBytes = this.#log.byteLength;
  }

  /** The message that leaves next, which is then no longer queued. */
  shift(): EncodedMessage | undefined {
    const position = this.#log.next();
    return position === undefined ? undefined : this.#remove(position);
  }

  /** Takes messages for one write: the high lane first, at least one message, then up to `maxBytes`. */
  take(maxBytes: number): LinkBytes {
    const parts: LinkBytes[] = [];
    let bytes = 0;
    for (let position = this.#log.next(); position !== undefined; position = this.#log.next()) {
      const next = this.#log.at(position)?.bytes.length ?? 0;
      if (parts.length > 0 && bytes + next > maxBytes) break;
      const message = this.#remove(position);
      if (message !== undefined) parts.push(message.bytes);
      bytes += next;
    }
    const [only] = parts;
    return parts.length === 1 && only !== undefined ? only : Buffer.concat(parts.map(toBuffer), bytes);
  }

  /** Whether the budget has no room for `message`, and what would have to go. */
  #excess({ lane, bytes, backpressure }: EncodedMessage): DropScope | undefined {
    const { maxMessages, maxBytes, maxHighMessages } = this.#limits();
    // What can come later leaves half of the budget to what can't.
    const factor = backpressure === 'catch-up' ? this.#factor / 2 : this.#factor;
    const highCount = this.#log.highCount - this.#exemptHighCount;
    if (lane === 'high' && maxHighMessages > 0 && highCount >= maxHighMessages * factor) return 'high';
    const count = this.#log.count - this.#exemptCount;
    if (maxMessages > 0 && count >= maxMessages * factor) return 'any';
    // One message of any size is taken.
    const countedBytes = this.#log.byteLength - this.#exemptBytes + bytes.length;
    return maxBytes > 0 && count > 0 && countedBytes > maxBytes * factor ? 'any' : undefined;
  }

  #pushOverBudget(message: EncodedMessage): PushOutcome {
    switch (message.backpressure) {
      case 'close':
        return 'over-budget';
      case 'catch-up':
        // Nothing is lost: whoever pushes it sees to it that it comes later.
        return 'dropped';
      case 'drop-newest':
        this.#listener.messageDropped(message, false);
        return 'dropped';
      case 'latest-only':
        this.#dropSuperseded(message);
        return this.#excess(message) === undefined ? 'queued' : 'over-budget';
      case 'drop-oldest':
      case 'make-room':
        return this.#dropOldest(message) ? 'queued' : 'over-budget';
    }
  }

  /** Of those that count: what is exempt makes no room by going. */
  #dropOldest(message: EncodedMessage): boolean {
    const index = (this.#index ??= new DropIndex(this.#log, this.#exemptEnd));
    for (let excess = this.#excess(message); excess !== undefined; excess = this.#excess(message)) {
      const oldest =
        message.backpressure === 'drop-oldest' ? index.oldestOf(message.room, excess) : index.oldest(excess);
      if (oldest === undefined) return false;
      this.#drop(oldest);
    }
    return true;
  }

  #dropSuperseded(message: EncodedMessage): void {
    const index = (this.#index ??= new DropIndex(this.#log, this.#exemptEnd));
    for (let old = index.supersededBy(message); old !== undefined; old = index.supersededBy(message)) this.#drop(old);
  }

  #drop(position: number): void {
    const message = this.#remove(position);
    if (message !== undefined) this.#listener.messageDropped(message, true);
  }

  #remove(position: number): EncodedMessage | undefined {
    const message = this.#log.remove(position);
    if (message !== undefined && position < this.#exemptEnd) {
      this.#exemptCount -= 1;
      this.#exemptBytes -= message.bytes.length;
      if (message.lane === 'high') this.#exemptHighCount -= 1;
    }
    return message;
  }

  #squeeze(): void {
    this.#log.squeeze();
    this.#exemptEnd = this.#exemptCount;
    this.#index = undefined;
  }
}
