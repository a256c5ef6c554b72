import { WscError } from '@nest-wsc/protocol';

/**
 * What happens to a message that finds the queue full: `reject` it with an error, `drop-oldest` to make room,
 * or `drop-newest`, which lets it go and reports that to `onError`.
 */
export type QueuePolicy = 'reject' | 'drop-oldest' | 'drop-newest';

/** How much may wait while there is no connection, or while the connection takes nothing. */
export interface QueueOptions {
  /** @default 100, so that it fits into a gateway's burst when the connection is back */
  readonly maxMessages: number;
  /** In bytes of UTF-8; also the limit of what the socket itself may hold back. @default 1_048_576 */
  readonly maxBytes: number;
  /** @default 'reject' */
  readonly policy: QueuePolicy;
}

/** An encoded envelope on its way out. */
export interface Outgoing {
  readonly payload: string | Uint8Array<ArrayBuffer>;
  readonly bytes: number;
  /** The socket has taken it. */
  onSent(): void;
  /** It will never be sent. */
  onDropped(error: WscError): void;
}

/** First in, first out, bounded in messages and bytes. */
export class OfflineQueue {
  readonly #options: QueueOptions;
  // A Set keeps the order and forgets a withdrawn message without a search.
  readonly #items = new Set<Outgoing>();
  #bytes = 0;

  constructor(options: QueueOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#items.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** @throws {WscError} WSC_LIMIT_EXCEEDED with the policy `reject`, or where the message alone is over the limit */
  offer(item: Outgoing): void {
    const canEverFit = item.bytes <= this.#options.maxBytes && this.#options.maxMessages > 0;
    if (!canEverFit) throw queueFull('The message does not fit into the queue.');
    if (this.#isFullFor(item)) {
      if (this.#options.policy === 'reject') throw queueFull('The queue of unsent messages is full.');
      if (this.#options.policy === 'drop-newest') {
        item.onDropped(queueFull('The queue of unsent messages is full: the newest was dropped.'));
        return;
      }
      this.#makeRoomFor(item);
    }
    this.#items.add(item);
    this.#bytes += item.bytes;
  }

  /** The oldest message, still queued. */
  peek(): Outgoing | undefined {
    const first = this.#items.values().next();
    return first.done === true ? undefined : first.value;
  }

  /** Whether it was queued. */
  remove(item: Outgoing): boolean {
    const wasQueued = this.#items.delete(item);
    if (wasQueued) this.#bytes -= item.bytes;
    return wasQueued;
  }

  /** Empties the queue, telling each message why. */
  clear(error: WscError): void {
    const items = [...this.#items];
    this.#items.clear();
    this.#bytes = 0;
    for (const item of items) item.onDropped(error);
  }

  #isFullFor(item: Outgoing): boolean {
    return this.#items.size >= this.#options.maxMessages || this.#bytes + item.bytes > this.#options.maxBytes;
  }

  #makeRoomFor(item: Outgoing): void {
    for (let oldest = this.peek(); oldest !== undefined && this.#isFullFor(item); oldest = this.peek()) {
      this.remove(oldest);
      oldest.onDropped(queueFull('The queue of unsent messages is full: the oldest was dropped.'));
    }
  }
}

function queueFull(message: string): WscError {
  return new WscError('WSC_LIMIT_EXCEEDED', { message, details: { outcome: 'failed' } });
}
