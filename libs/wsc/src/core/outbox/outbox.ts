import type { OutboxLimits } from '../hub-options.js';
import type { Encoding, LinkBytes, TransportLink } from '../ports/transport.js';
import { BlockedQueue, type DropListener } from './blocked-queue.js';
import { protectedMessage, type EncodedMessage } from './encoded-message.js';
import type { ChainRoots, FanOut, Flushable, Stallable } from './fan-out.js';
import type { PendingChain } from './pending-chain.js';

/** Why a link is given up. */
export type OutboxFailure = 'over-budget' | 'stalled';

/** Whose outbox it is. One object instead of callbacks, which every idle connection would hold. */
export interface OutboxOwner extends DropListener {
  /** Called at most once; the outbox takes nothing afterwards. */
  outboxFailed(failure: OutboxFailure): void;
  /** Everything that was held or refused has left, and the link takes more. */
  outboxDrained(): void;
}

/** What an {@link Outbox} needs. */
export interface OutboxOptions {
  readonly link: TransportLink;
  readonly encoding: Encoding;
  readonly fanOut: FanOut;
  readonly limits: () => OutboxLimits;
  readonly owner: OutboxOwner;
}

/** A pending sequence of this size is written before the turn ends, so that nothing large waits in memory. */
const earlyFlushBytes = 64 * 1024;
const earlyFlushCount = 256;
/** Answers to one connection are written before they are more than Node writes without a copy on the heap. */
const maxTailBytes = 16 * 1024;
/**
 * How many budgets of references one turn may fill after an early flush, when the link has had no turn to take bytes: by default
 * 4,096 messages and 16 MiB, so that a loop of 1,000 sends of 16 KiB fits. Not more, since a client that reads nothing can ask for
 * as much in one turn.
 */
const sameTurnFactor = 16;

/**
 * What is queued for one connection: bounded, in two lanes, first in first out per lane. Until it is opened, everything is held.
 *
 * While the link takes bytes, the outbox holds a reference to a shared {@link PendingChain} and, behind it, the bytes of answers
 * that nobody else gets. Once the link refuses, it holds a queue of its own, and only that counts against the budget: a loop of sends
 * to a connection that reads never closes it. Over the budget the policy of a message's room decides.
 * Some links (TLS) refuse until the next turn, however fast the client reads; so the turn in which the link refused is not held
 * against it. What that turn sent stays a queue of references to shared messages all the same: copies of its own are made a piece
 * at a time, as the link takes them, so that a flood costs each connection that does not read one piece.
 */
export class Outbox implements Flushable, Stallable {
  readonly #link: TransportLink;
  readonly #fanOut: FanOut;
  readonly #limits: () => OutboxLimits;
  readonly #owner: OutboxOwner;
  readonly #roots: ChainRoots;
  #high: PendingChain;
  #normal: PendingChain;
  /** What only this connection gets, behind the normal lane's sequence: bytes as characters, joined as they come. */
  #tail = '';
  #isScheduled = false;
  #isClosed = false;
  /** Until it is opened. */
  #isHeld = true;
  /** While it is held or the link refuses bytes. */
  #queue: BlockedQueue | undefined;
  #blockedSince = 0;
  #whenEmpty: (() => void) | undefined;

  constructor(options: OutboxOptions) {
    this.#link = options.link;
    this.#fanOut = options.fanOut;
    this.#limits = options.limits;
    this.#owner = options.owner;
    this.#roots = options.fanOut.rootsOf(options.encoding);
    this.#high = this.#roots.high;
    this.#normal = this.#roots.normal;
    this.#queue = this.#createQueue();
  }

  get blockedSince(): number {
    return this.#blockedSince;
  }

  /** Whether it is held, or the link takes nothing for now. */
  get isBlocked(): boolean {
    return this.#queue !== undefined;
  }

  /** Bytes that wait for the link; what the link itself holds does not count. */
  get queuedBytes(): number {
    return this.#queue?.byteLength ?? this.#high.byteLength + this.#normal.byteLength + this.#tail.length;
  }

  /** Lets out what was held, `first` before everything. */
  open(first?: EncodedMessage): void {
    const held = this.#queue;
    if (!this.#isHeld || this.#isClosed || held === undefined) return;
    this.#isHeld = false;
    this.#queue = undefined;
    if (first !== undefined) this.push(first);
    for (let next = held.shift(); next !== undefined; next = held.shift()) this.push(next);
    if (!this.isBlocked) this.#owner.outboxDrained();
  }

  /** Queues `message`. Answers false when it was not: closed, over budget, or dropped by its policy. */
  push(message: EncodedMessage): boolean {
    if (this.#isClosed) return false;
    if (this.#queue !== undefined) return this.#pushBlocked(this.#queue, message);
    const chain = message.lane === 'high' ? (this.#high = this.#high.append(message)) : this.#appendNormal(message);
    this.#schedule(chain.byteLength >= earlyFlushBytes || chain.count >= earlyFlushCount);
    return true;
  }

  /** Queues what only this connection gets, in the normal lane and never dropped. Answers false when it was not queued. */
  pushOwn(bytes: LinkBytes): boolean {
    if (this.#tail.length + bytes.length > maxTailBytes && this.#tail !== '') this.#write();
    if (this.#isClosed) return false;
    if (this.#queue !== undefined) return this.#pushBlocked(this.#queue, protectedMessage(bytes, 'normal'));
    if (typeof bytes === 'string') {
      this.#tail += bytes;
      this.#schedule(false);
    } else {
      this.#foldTail();
      this.#normal = this.#normal.appendOwn(bytes);
      this.#schedule(this.#normal.byteLength >= earlyFlushBytes);
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
    if (queue === undefined || this.#isHeld || this.#isClosed) return;
    this.#blockedSince = this.#fanOut.monotonicNow;
    while (queue.count > 0) if (!this.#link.write(queue.take(earlyFlushBytes))) return;
    this.#unblock();
    this.#owner.outboxDrained();
  }

  stalled(): void {
    this.#fail('stalled');
  }

  /**
   * Writes what is pending now and calls back once everything queued so far is handed to the link; at once when nothing waits, or
   * when it was never opened.
   */
  drain(callback: () => void): void {
    this.#write();
    if (this.#queue === undefined || this.#isHeld) callback();
    else this.#whenEmpty = callback;
  }

  /** Takes nothing more and forgets what is queued. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#high = this.#roots.high;
    this.#normal = this.#roots.normal;
    this.#tail = '';
    this.#unblock();
  }

  #appendNormal(message: EncodedMessage): PendingChain {
    this.#foldTail();
    return (this.#normal = this.#normal.append(message));
  }

  #foldTail(): void {
    if (this.#tail === '') return;
    this.#normal = this.#normal.appendOwn(this.#tail);
    this.#tail = '';
  }

  /** @param isEarly so much is pending by now that it is written before the turn ends; never the first message of a turn. */
  #schedule(isEarly: boolean): void {
    if (!this.#isScheduled) {
      this.#isScheduled = true;
      this.#fanOut.schedule(this);
    } else if (isEarly) {
      this.#write();
    }
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
      this.#foldTail();
      takesMore = this.#link.write(this.#normal.join());
      this.#normal = normal;
    } else if (this.#tail !== '') {
      takesMore = this.#link.write(this.#tail);
      this.#tail = '';
    }
    if (!takesMore) this.#block();
  }

  #block(): void {
    this.#queue = this.#createQueue();
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

  #createQueue(): BlockedQueue {
    const factor = this.#isScheduled ? sameTurnFactor : 1;
    return new BlockedQueue({ limits: this.#limits, factor, listener: this.#owner });
  }

  #pushBlocked(queue: BlockedQueue, message: EncodedMessage): boolean {
    const outcome = queue.push(message);
    if (outcome === 'over-budget') this.#fail('over-budget');
    return outcome === 'queued';
  }

  #fail(failure: OutboxFailure): void {
    if (this.#isClosed) return;
    this.close();
    this.#owner.outboxFailed(failure);
  }
}
