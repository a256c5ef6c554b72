import type { Clock } from '../ports/clock.js';
import { ackKey, type Acknowledgement } from './acknowledgement.js';

/** What a {@link ForeignAcks} needs. */
export interface ForeignAcksDependencies {
  readonly clock: Clock;
  /** Tells the node that waits, which may be this one. Must not throw. */
  readonly tell: (instanceId: string, ack: Acknowledgement) => void;
  /** Messages remembered at a time; one more forgets the oldest. @default 100_000 */
  readonly maxPending?: number;
}

interface Waiting {
  readonly instanceId: string;
  /** On the monotonic scale. */
  readonly until: number;
}

/** No attempt waits longer ({@link AckSendOptions.timeoutMs}). */
const longestWaitMs = 600_000;

/** The messages here for which another node waits to be told who acknowledged them, or this one itself, though its send waits no more. Only the addressed user's connections count. */
export class ForeignAcks {
  readonly #deps: ForeignAcksDependencies;
  readonly #maxPending: number;
  /** Oldest first, and all wait equally long. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(dependencies: ForeignAcksDependencies) {
    this.#deps = dependencies;
    this.#maxPending = dependencies.maxPending ?? 100_000;
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** `instanceId` wants to hear who of `userId` acknowledges. */
  expect(message: { readonly messageId: string; readonly userId: string }, instanceId: string): void {
    const now = this.#deps.clock.monotonic();
    this.#forget(now);
    const key = ackKey(message.userId, message.messageId);
    this.#waiting.delete(key);
    this.#waiting.set(key, { instanceId, until: now + longestWaitMs });
  }

  /** Passes an acknowledgement on. Answers false where nobody waits for it. */
  settle(ack: Acknowledgement): boolean {
    const key = ackKey(ack.userId, ack.messageId);
    const waiting = this.#waiting.get(key);
    if (waiting === undefined || !this.#waiting.delete(key)) return false;
    this.#deps.tell(waiting.instanceId, ack);
    return true;
  }

  #forget(now: number): void {
    for (const [key, { until }] of this.#waiting) {
      if (until > now && this.#waiting.size < this.#maxPending) return;
      this.#waiting.delete(key);
    }
  }
}
