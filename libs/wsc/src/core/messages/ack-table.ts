import { WscError } from '@nest-wsc/protocol';
import type { Clock, Timer } from '../ports/clock.js';
import { withResolver } from '../async/with-resolver.js';
import { ackKey } from './acknowledgement.js';
import type { Acknowledgement, Acknowledger } from './acknowledgement.js';
import type { ForeignAcks } from './foreign-acks.js';

/** Waiting for one acknowledgement. */
export interface AckExpectation {
  /** Who acknowledged first; undefined when nobody did in time or it was cancelled. Never rejects. */
  readonly settled: Promise<Acknowledger | undefined>;
  /** Ends the wait; harmless when it has ended. */
  cancel(): void;
}

/** What one node has done with a message that waits for its acknowledgement. */
export interface HandedOver {
  readonly messageId: string;
  readonly userId: string;
  readonly queued: number;
  readonly dropped: number;
}

/** What an {@link AckTable} needs. */
export interface AckTableDependencies {
  readonly clock: Clock;
  /** Messages of other nodes, which may be what a client acknowledges. */
  readonly foreignAcks: ForeignAcks;
  /** Messages that may wait for their acknowledgement at a time. @default 100_000 */
  readonly maxPending?: number;
}

interface Pending {
  readonly timer: Timer;
  readonly resolve: (by: Acknowledger | undefined) => void;
  readonly onHandedOver: (handed: HandedOver) => void;
}

/** One message that waits. */
export interface AwaitedMessage {
  readonly messageId: string;
  readonly userId: string;
  readonly timeoutMs: number;
  /** Another node tells what it has done with it. */
  readonly onHandedOver?: (handed: HandedOver) => void;
}

/** The messages of this node that wait for an acknowledgement (PROTOCOL.md §2.4). Only the addressed user's own connections count. */
export class AckTable {
  readonly #clock: Clock;
  readonly #foreignAcks: ForeignAcks;
  readonly #maxPending: number;
  readonly #pending = new Map<string, Pending>();
  #isClosed = false;

  constructor(dependencies: AckTableDependencies) {
    this.#clock = dependencies.clock;
    this.#foreignAcks = dependencies.foreignAcks;
    this.#maxPending = dependencies.maxPending ?? 100_000;
  }

  /** How many messages wait. */
  get size(): number {
    return this.#pending.size;
  }

  /**
   * Starts to wait for the first acknowledgement of a message by its user. Call it before the message is sent.
   * @throws {WscError} WSC_CONFLICT when this message already waits for this user; WSC_LIMIT_EXCEEDED when too many wait.
   */
  expect(message: AwaitedMessage): AckExpectation {
    if (this.#isClosed) return { settled: Promise.resolve(undefined), cancel: () => undefined };
    const key = ackKey(message.userId, message.messageId);
    if (this.#pending.has(key)) {
      throw new WscError('WSC_CONFLICT', { message: 'This message already waits for its acknowledgement.' });
    }
    if (this.#pending.size >= this.#maxPending) {
      throw new WscError('WSC_LIMIT_EXCEEDED', { message: 'Too many messages wait for their acknowledgement.' });
    }
    const { promise, resolve } = withResolver<Acknowledger | undefined>();
    const pending = {
      timer: this.#clock.after(message.timeoutMs, () => this.#end(key, pending, undefined)),
      resolve,
      onHandedOver: message.onHandedOver ?? (() => undefined),
    };
    this.#pending.set(key, pending);
    return { settled: promise, cancel: () => this.#end(key, pending, undefined) };
  }

  /** Takes acknowledgements. Answers those of the ids that nobody waits for, or somebody else. */
  settle(by: Acknowledger & { readonly userId: string | undefined }, ids: readonly string[]): readonly string[] {
    const { userId } = by;
    if (userId === undefined) return ids;
    return ids.filter((messageId) => {
      const ack = { messageId, userId, deviceId: by.deviceId, connectionId: by.connectionId };
      return !this.acked(ack) && !this.#foreignAcks.settle(ack);
    });
  }

  /** A device has acknowledged, on this node or another. Answers false where nobody here waits for it. */
  acked({ messageId, userId, deviceId, connectionId }: Acknowledgement): boolean {
    const key = ackKey(userId, messageId);
    const pending = this.#pending.get(key);
    if (pending !== undefined) this.#end(key, pending, { deviceId, connectionId });
    return pending !== undefined;
  }

  /** Another node says what it has done with a message. */
  handedOver(handed: HandedOver): void {
    this.#pending.get(ackKey(handed.userId, handed.messageId))?.onHandedOver(handed);
  }

  /** Ends every wait, and those to come, as if their time were up. */
  close(): void {
    this.#isClosed = true;
    for (const [key, pending] of this.#pending) this.#end(key, pending, undefined);
  }

  #end(key: string, pending: Pending, by: Acknowledger | undefined): void {
    if (this.#pending.get(key) !== pending) return;
    this.#pending.delete(key);
    pending.timer.cancel();
    pending.resolve(by);
  }
}
