import type { OutboxLimits } from '../hub-options.js';
import type { Encoding, TransportLink } from '../ports/transport.js';
import { BlockedQueue } from './blocked-queue.js';
import type { EncodedMessage } from './encoded-message.js';
import type { ChainRoots, FanOut, Flushable, Stallable } from './fan-out.js';
import type { PendingChain } from './pending-chain.js';

/** Why a link is given up. */
export type OutboxFailure = 'over-budget' | 'stalled';

/** What an {@link Outbox} needs. */
export interface OutboxOptions {
  readonly link: TransportLink;
  readonly encoding: Encoding;
  readonly fanOut: FanOut;
  readonly limits: () => OutboxLimits;
  /** Called at most once; the outbox takes nothing afterwards. */
  readonly onFailure: (failure: OutboxFailure) => void;
}

/** A pending sequence of this size is written before the turn ends, so that nothing large waits in memory. */
const earlyFlushBytes = 64 * 1024;
const earlyFlushCount = 256;
/** How many budgets of references one turn may fill after an early flush, when the link has had no turn to take bytes. */
const sameTurnFactor = 16;

/**
 * What is queued for one connection: bounded, in two lanes, first in first out per lane.
 *
 * While the link takes bytes, the outbox holds only a reference to a shared {@link PendingChain}. Once the link refuses, it
 * holds its own queue, and only that counts against the budget: a loop of sends to a connection that reads never closes it.
 * Some links (TLS) refuse until the next turn, however fast the client reads; so the turn in which the link refused is not held
 * against it. What that turn sent stays a queue of references to shared messages all the same: copies of its own are made a piece
 * at a time, as the link takes them, so that a flood costs each connection that does not read one piece.
 */
export class Outbox implements Flushable, Stallable {
  readonly #link: TransportLink;
  readonly #fanOut: FanOut;
  readonly #limits: () => OutboxLimits;
  readonly #onFailure: (failure: OutboxFailure) => void;
  readonly #roots: ChainRoots;
  #high: PendingChain;
  #normal: PendingChain;
  #isScheduled = false;
  #isClosed = false;
  #queue: BlockedQueue | undefined;
  #blockedSince = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#link = options.link;
    this.#fanOut = options.fanOut;
    this.#limits = options.limits;
    this.#onFailure = options.onFailure;
    this.#roots = options.fanOut.rootsOf(options.encoding);
    this.#high = this.#roots.high;
    this.#normal = this.#roots.normal;
  }

  get blockedSince(): number {
    return this.#blockedSince;
  }

  /** Bytes that wait for the link; what the link itself holds does not count. */
  get queuedBytes(): number {
    return this.#queue?.byteLength ?? this.#high.byteLength + this.#normal.byteLength;
  }

  /** Queues `message`. Answers false when it was not: closed, or over budget. */
  push(message: EncodedMessage): boolean {
    if (this.#isClosed) return false;
    if (this.#queue !== undefined) return this.#pushBlocked(this.#queue, message);
    const chain =
      message.lane === 'high'
        ? (this.#high = this.#high.append(message))
        : (this.#normal = this.#normal.append(message));
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#fanOut.schedule(this);
    } else if (chain.byteLength >= earlyFlushBytes || chain.count >= earlyFlushCount) {
      this.#write();
    }
    return true;
  }

  /** Called by the fan-out. */
  flush(): void {
    this.#isScheduled = false;
    // The turn in which the link refused is over; the budget counts from here on.
    if (this.#queue !== undefined) this.#queue.exempt();
    else this.#write();
  }

  /** The link takes bytes again. */
  drained(): void {
    const queue = this.#queue;
    if (queue === undefined || this.#isClosed) return;
    this.#blockedSince = this.#fanOut.monotonicNow;
    while (queue.count > 0) if (!this.#link.write(queue.take(earlyFlushBytes))) return;
    this.#unblock();
  }

  stalled(): void {
    this.#fail('stalled');
  }

  /** Writes what is pending now and calls back once everything queued so far is handed to the link; at once when nothing waits. */
  drain(callback: () => void): void {
    this.#write();
    if (this.#queue === undefined) callback();
    else this.#whenEmpty = callback;
  }

  /** Takes nothing more and forgets what is queued. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#high = this.#roots.high;
    this.#normal = this.#roots.normal;
    this.#unblock();
  }

  #write(): void {
    if (this.#isClosed || this.#queue !== undefined) return;
    const { high, normal } = this.#roots;
    let takesMore = true;
    if (this.#high !== high) {
      takesMore = this.#link.write(this.#high.join());
      this.#high = high;
    }
    if (this.#normal !== normal) {
      takesMore = this.#link.write(this.#normal.join());
      this.#normal = normal;
    }
    if (!takesMore) this.#block();
  }

  #block(): void {
    this.#queue = new BlockedQueue();
    this.#blockedSince = this.#fanOut.monotonicNow;
    this.#fanOut.blocked(this);
  }

  #unblock(): void {
    if (this.#queue === undefined) return;
    this.#queue = undefined;
    this.#fanOut.unblocked(this);
    const callback = this.#whenEmpty;
    this.#whenEmpty = undefined;
    callback?.();
  }

  #pushBlocked(queue: BlockedQueue, message: EncodedMessage): boolean {
    const { maxMessages, maxBytes, maxHighMessages } = this.#limits();
    const factor = this.#isScheduled ? sameTurnFactor : 1;
    const isOver =
      (maxMessages > 0 && queue.countedCount >= maxMessages * factor) ||
      (maxBytes > 0 && queue.countedCount > 0 && queue.countedBytes + message.bytes.length > maxBytes * factor) ||
      (message.lane === 'high' && maxHighMessages > 0 && queue.countedHighCount >= maxHighMessages * factor);
    if (isOver) {
      this.#fail('over-budget');
      return false;
    }
    queue.push(message);
    return true;
  }

  #fail(failure: OutboxFailure): void {
    if (this.#isClosed) return;
    this.close();
    this.#onFailure(failure);
  }
}
