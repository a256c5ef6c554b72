import type { ByteCount } from '../../core/limits/byte-count.js';
import type { InboxEntry, InboxLimits } from '../../core/ports/inbox.js';
import type { OutboundMessage } from '../../core/messages/message.js';

/** Devices of a user that messages wait for; the one unseen for longest gives way to another. */
const maxDevices = 10;
/** A device that was not seen for so long is not waited for any more. */
const deviceMemoryMs = 604_800_000;

interface KeptMessage {
  readonly entry: InboxEntry;
  readonly bytes: number;
  readonly expiresAt: number;
  /** The known devices that have it, or need not get it. */
  readonly acknowledgedBy: Set<string>;
  /** Whether any device ever acknowledged it, even one that is forgotten by now. */
  isAcknowledged: boolean;
}

/** The inbox of one user. All times are monotonic milliseconds. */
export class UserInbox {
  readonly #limits: InboxLimits;
  readonly #total: ByteCount;
  readonly #kept = new Map<string, KeptMessage>();
  /** When each known device was last seen, the longest unseen first. */
  readonly #devices = new Map<string, number>();
  #lastOffset = 0;

  /** @param total what all inboxes take together; this one adds and subtracts its messages. */
  constructor(limits: InboxLimits, total: ByteCount) {
    this.#limits = limits;
    this.#total = total;
  }

  get isFull(): boolean {
    return this.#kept.size >= this.#limits.maxMessages;
  }

  get isEmpty(): boolean {
    return this.#kept.size === 0;
  }

  /** Whether nothing would be lost by forgetting this inbox. */
  get isForgettable(): boolean {
    return this.isEmpty && this.#devices.size === 0;
  }

  get(messageId: string): InboxEntry | undefined {
    return this.#kept.get(messageId)?.entry;
  }

  add(message: OutboundMessage, bytes: number, now: number): InboxEntry {
    this.#lastOffset += 1;
    const entry: InboxEntry = { message, offset: this.#lastOffset };
    const expiresAt = now + this.#limits.timeToLiveMs;
    this.#kept.set(message.id, { entry, bytes, expiresAt, acknowledgedBy: new Set(), isAcknowledged: false });
    this.#total.bytes += bytes;
    return entry;
  }

  unacknowledged(deviceId: string, limit: number): readonly InboxEntry[] {
    const entries: InboxEntry[] = [];
    for (const { entry, acknowledgedBy } of this.#kept.values()) {
      if (entries.length >= limit) break;
      if (!acknowledgedBy.has(deviceId)) entries.push(entry);
    }
    return entries;
  }

  acknowledge(deviceId: string, ids: readonly string[]): number {
    let count = 0;
    for (const id of ids) {
      const kept = this.#kept.get(id);
      if (!kept || kept.acknowledgedBy.has(deviceId)) continue;
      count += 1;
      kept.acknowledgedBy.add(deviceId);
      kept.isAcknowledged = true;
      this.#removeIfDone(kept);
    }
    return count;
  }

  /** Notes that a device is there. One that was not known need not get what another one has acknowledged. */
  see(deviceId: string, now: number): void {
    if (!this.#devices.delete(deviceId)) {
      for (const kept of this.#kept.values()) if (kept.isAcknowledged) kept.acknowledgedBy.add(deviceId);
    }
    this.#devices.set(deviceId, now);
    for (const longestUnseen of this.#devices.keys()) {
      if (this.#devices.size <= maxDevices) return;
      this.#forgetDevice(longestUnseen);
    }
  }

  /** Removes messages whose time is up, and forgets devices that have not been seen for long. */
  expire(now: number): void {
    for (const kept of this.#kept.values()) {
      if (kept.expiresAt > now) break;
      this.#remove(kept);
    }
    for (const [deviceId, seenAt] of this.#devices) {
      if (seenAt + deviceMemoryMs > now) break;
      this.#forgetDevice(deviceId);
    }
  }

  #forgetDevice(deviceId: string): void {
    this.#devices.delete(deviceId);
    for (const kept of this.#kept.values()) {
      kept.acknowledgedBy.delete(deviceId);
      this.#removeIfDone(kept);
    }
  }

  #removeIfDone(kept: KeptMessage): void {
    if (!kept.isAcknowledged) return;
    for (const deviceId of this.#devices.keys()) if (!kept.acknowledgedBy.has(deviceId)) return;
    this.#remove(kept);
  }

  #remove({ entry, bytes }: KeptMessage): void {
    this.#kept.delete(entry.message.id);
    this.#total.bytes -= bytes;
  }
}
