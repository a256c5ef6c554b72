import { WscError } from '@nest-wsc/protocol';
import type { Link } from './link.js';
import { OfflineQueue, type Outgoing, type QueueOptions } from './offline-queue.js';
import type { Cancel, Scheduler } from './scheduler.js';

// A browser's socket has no event for "drained".
const drainPollMs = 50;

/**
 * The one way out for requests and notifies: straight to the socket while it takes them, else into the bounded queue.
 * Keeps their order. Acks, pings and pongs belong to one connection and don't pass here.
 */
export class Outbox {
  readonly #queue: OfflineQueue;
  readonly #maxBufferedBytes: number;
  readonly #scheduler: Scheduler;
  #link: Link | undefined;
  /** Whether only what goes first may leave. */
  #isHeld = true;
  /** The gateway's limit for one message; `0` is none. */
  #maxMessageBytes = 0;
  #cancelPoll: Cancel | undefined;

  constructor(options: QueueOptions, scheduler: Scheduler) {
    this.#queue = new OfflineQueue(options);
    this.#maxBufferedBytes = options.maxBytes;
    this.#scheduler = scheduler;
  }

  /** Messages that wait. */
  get queuedCount(): number {
    return this.#queue.count;
  }

  /** Begins to write to `link`: what goes first. Everything else waits for {@link open}. */
  attach(link: Link, maxMessageBytes: number): void {
    this.#link = link;
    this.#isHeld = true;
    this.#maxMessageBytes = maxMessageBytes;
  }

  /** Holds everything from now on. */
  detach(): void {
    this.#link = undefined;
    this.#stopPolling();
  }

  /** @throws {WscError} WSC_MESSAGE_TOO_LARGE, or WSC_LIMIT_EXCEEDED where the queue refuses it */
  send(item: Outgoing): void {
    if (this.#isTooLarge(item)) throw tooLarge(this.#maxMessageBytes);
    if (this.#queue.count === 0 && this.#sendNow(item)) return;
    this.#queue.offer(item);
    this.#pollWhileBlocked();
  }

  /** Sends ahead of what waits, on this connection or not at all: where that is ending, its end will say so. */
  sendFirst(item: Outgoing): void {
    if (this.#isTooLarge(item)) {
      item.onDropped(tooLarge(this.#maxMessageBytes));
      return;
    }
    if (this.#link?.isWritable === true) this.#link.send(item.payload);
    item.onSent();
  }

  /** Whether `item` was still waiting. */
  withdraw(item: Outgoing): boolean {
    return this.#queue.remove(item);
  }

  /** Lets out what waits, and from now on what is given. */
  open(): void {
    this.#isHeld = false;
    this.#flush();
  }

  #flush(): void {
    for (let item = this.#queue.peek(); item !== undefined; item = this.#queue.peek()) {
      if (this.#isTooLarge(item)) {
        this.#queue.remove(item);
        item.onDropped(tooLarge(this.#maxMessageBytes));
      } else if (this.#canSend()) {
        this.#queue.remove(item);
        this.#sendNow(item);
      } else {
        break;
      }
    }
    this.#pollWhileBlocked();
  }

  /** Drops what waits. */
  clear(error: WscError): void {
    this.detach();
    this.#queue.clear(error);
  }

  #canSend(): boolean {
    return !this.#isHeld && this.#link?.isWritable === true && this.#link.bufferedBytes <= this.#maxBufferedBytes;
  }

  #sendNow(item: Outgoing): boolean {
    if (this.#link === undefined || !this.#canSend()) return false;
    this.#link.send(item.payload);
    item.onSent();
    return true;
  }

  #isTooLarge(item: Outgoing): boolean {
    return this.#maxMessageBytes > 0 && item.bytes > this.#maxMessageBytes;
  }

  #pollWhileBlocked(): void {
    if (this.#cancelPoll !== undefined || this.#queue.count === 0 || this.#isHeld || this.#link === undefined) return;
    this.#cancelPoll = this.#scheduler.after(drainPollMs, () => {
      this.#cancelPoll = undefined;
      this.#flush();
    });
  }

  #stopPolling(): void {
    this.#cancelPoll?.();
    this.#cancelPoll = undefined;
  }
}

function tooLarge(maxMessageBytes: number): WscError {
  return new WscError('WSC_MESSAGE_TOO_LARGE', {
    message: `The message is larger than the ${maxMessageBytes} bytes that the gateway takes.`,
    details: { outcome: 'failed' },
  });
}
