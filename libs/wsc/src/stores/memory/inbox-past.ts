import type { ByteCount } from '../../core/limits/byte-count.js';
import type { OutboundMessage } from '../../core/messages/message.js';
import type { StreamPosition } from '../../core/ports/streams.js';

/** Dead letters of a user, the newest; and for how long each is kept. */
const maxDeadLetters = 100;
const deadLetterMs = 604_800_000;
/** Ids of a user's messages that all devices have, the latest: who repeats a store does so soon. */
const maxDoneIds = 1_000;
/** What a remembered id takes. */
const doneIdBytes = 128;

/** A message whose time was up. */
export interface DeadMessage {
  readonly message: OutboundMessage;
  readonly position: StreamPosition;
  readonly bytes: number;
  /** Monotonic milliseconds. */
  readonly diedAt: number;
}

/** What is left of the messages that a user's inbox no longer keeps. Given up before any message is refused. */
export class InboxPast {
  readonly #total: ByteCount;
  /** In the order in which they died, which is that of {@link DeadMessage.diedAt}. */
  readonly #dead = new Map<string, DeadMessage>();
  readonly #doneOffsets = new Map<string, number>();

  /** @param total what the pasts of all inboxes take together. */
  constructor(total: ByteCount) {
    this.#total = total;
  }

  get deadLetterCount(): number {
    return this.#dead.size;
  }

  /** Newest first. */
  deadLetters(): readonly DeadMessage[] {
    return [...this.#dead.values()].reverse();
  }

  /** Where a message was that all devices have. */
  doneOffset(messageId: string): number | undefined {
    return this.#doneOffsets.get(messageId);
  }

  addDone(messageId: string, offset: number): void {
    this.#doneOffsets.set(messageId, offset);
    this.#total.bytes += doneIdBytes;
    for (const oldest of this.#doneOffsets.keys()) {
      if (this.#doneOffsets.size <= maxDoneIds) return;
      this.#doneOffsets.delete(oldest);
      this.#total.bytes -= doneIdBytes;
    }
  }

  addDead(dead: DeadMessage): void {
    this.#dead.set(dead.message.id, dead);
    this.#total.bytes += dead.bytes;
    for (const oldest of this.#dead.keys()) {
      if (this.#dead.size <= maxDeadLetters) return;
      this.takeDead(oldest);
    }
  }

  takeDead(messageId: string): DeadMessage | undefined {
    const dead = this.#dead.get(messageId);
    if (!dead) return undefined;
    this.#dead.delete(messageId);
    this.#total.bytes -= dead.bytes;
    return dead;
  }

  expire(now: number): void {
    for (const [messageId, { diedAt }] of this.#dead) {
      if (diedAt + deadLetterMs > now) return;
      this.takeDead(messageId);
    }
  }

  clear(): void {
    for (const messageId of this.#dead.keys()) this.takeDead(messageId);
    this.#total.bytes -= this.#doneOffsets.size * doneIdBytes;
    this.#doneOffsets.clear();
  }
}
