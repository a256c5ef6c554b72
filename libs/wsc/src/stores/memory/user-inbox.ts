import type { ByteCount } from '../../core/limits/byte-count.js';
import type { OutboundMessage } from '../../core/messages/message.js';
import {
  silentDevice,
  type InboxEntry,
  type InboxPage,
  type InboxPageRequest,
  type InboxSize,
} from '../../core/ports/inbox.js';
import type { StreamPosition } from '../../core/ports/streams.js';
import { createEpoch } from '../shared/create-epoch.js';
import { deviceMemoryMs } from '../shared/inbox-rules.js';
import { InboxPast } from './inbox-past.js';
import { KnownDevices } from './known-devices.js';

/** What all inboxes take together. */
export interface InboxTotals {
  readonly kept: ByteCount;
  /** Of what can be given up. */
  readonly past: ByteCount;
  /** Messages that have become dead letters, since the beginning. */
  deadLetters: number;
}

/** A message to be kept. */
export interface NewMessage {
  readonly message: OutboundMessage;
  readonly bytes: number;
  readonly expiresAt: number;
}

interface KeptMessage extends Omit<NewMessage, 'message'> {
  readonly entry: InboxEntry;
  /** The known devices that have it, or need not get it. */
  readonly acknowledgedBy: Set<string>;
  /** Whether any device ever acknowledged it, even one that is forgotten by now. */
  isAcknowledged: boolean;
}

/** The inbox of one user. All times are monotonic milliseconds. */
export class UserInbox {
  readonly past: InboxPast;
  readonly #epoch = createEpoch();
  readonly #totals: InboxTotals;
  /** By message id, in the order of their offsets. */
  readonly #kept = new Map<string, KeptMessage>();
  readonly #devices = new KnownDevices();
  #lastOffset = 0;
  /** Of the latest message; until then its id must be known. */
  #addedAt = -Infinity;
  /** Nothing expires before it. */
  #nextExpiryAt = Infinity;

  /** @param totals this inbox adds what it takes, and subtracts it again. */
  constructor(totals: InboxTotals) {
    this.#totals = totals;
    this.past = new InboxPast(totals.past);
  }

  get size(): InboxSize {
    return { messages: this.#kept.size, deadLetters: this.past.deadLetterCount };
  }

  /** Whether nothing would be lost by forgetting this inbox. */
  isForgettable(now: number): boolean {
    if (this.#addedAt + deviceMemoryMs > now) return false;
    return this.#kept.size === 0 && this.#devices.size === 0 && this.past.deadLetterCount === 0;
  }

  /** Where a message is, or was until all devices had it. */
  find(messageId: string): StreamPosition | undefined {
    const offset = this.#kept.get(messageId)?.entry.offset ?? this.past.doneOffset(messageId);
    return offset === undefined ? undefined : this.#at(offset);
  }

  /** One that had died lives again. */
  add({ message, bytes, expiresAt }: NewMessage, now: number): StreamPosition {
    this.#addedAt = now;
    this.past.takeDead(message.id);
    this.#lastOffset += 1;
    const entry: InboxEntry = { message, offset: this.#lastOffset };
    this.#kept.set(message.id, { entry, bytes, expiresAt, acknowledgedBy: new Set(), isAcknowledged: false });
    this.#totals.kept.bytes += bytes;
    this.#nextExpiryAt = Math.min(this.#nextExpiryAt, expiresAt);
    return this.#at(entry.offset);
  }

  unacknowledged(deviceId: string, { afterOffset, maxMessages, maxBytes }: InboxPageRequest): InboxPage {
    const entries: InboxEntry[] = [];
    let pageBytes = 0;
    for (const kept of this.#kept.values()) {
      const { entry, bytes } = kept;
      if (entry.offset <= afterOffset || hasIt(kept, deviceId)) continue;
      pageBytes += bytes;
      if (entries.length > 0 && (entries.length >= maxMessages || pageBytes > maxBytes)) break;
      entries.push(entry);
    }
    return { entries, epoch: this.#epoch };
  }

  acknowledge(deviceId: string, ids: readonly string[]): readonly string[] {
    return ids.filter((id) => {
      const kept = this.#kept.get(id);
      if (!kept || hasIt(kept, deviceId)) return false;
      this.#note(kept, deviceId);
      return true;
    });
  }

  isAcknowledged(messageId: string): boolean {
    return this.#kept.get(messageId)?.isAcknowledged ?? this.past.doneOffset(messageId) !== undefined;
  }

  acknowledgeUpTo(deviceId: string, { offset, epoch }: StreamPosition): boolean {
    if (epoch !== this.#epoch || offset > this.#lastOffset) return false;
    for (const kept of this.#kept.values()) {
      if (kept.entry.offset > offset) break;
      this.#note(kept, deviceId);
    }
    return true;
  }

  /** Notes that a device is there. One that was not known need not get what another one has acknowledged. */
  see(deviceId: string, now: number): void {
    if (deviceId === silentDevice) return;
    if (this.#devices.see(deviceId, now)) {
      for (const kept of this.#kept.values()) if (kept.isAcknowledged) kept.acknowledgedBy.add(deviceId);
    }
    this.#forgetDevices(now);
  }

  /** Lets messages die whose time is up, and forgets devices that have not been seen for long. */
  expire(now: number): void {
    if (this.#nextExpiryAt <= now) this.#expireMessages(now);
    this.past.expire(now);
    this.#forgetDevices(now);
  }

  #expireMessages(now: number): void {
    const kept = [...this.#kept.values()];
    const dead = kept.filter(({ expiresAt }) => expiresAt <= now);
    for (const { entry, bytes, expiresAt } of dead.sort((one, other) => one.expiresAt - other.expiresAt)) {
      this.#remove(entry.message.id, bytes);
      const position = this.#at(entry.offset);
      this.past.addDead({ message: entry.message, position, bytes, diedAt: expiresAt });
    }
    this.#totals.deadLetters += dead.length;
    this.#nextExpiryAt = Math.min(...[...this.#kept.values()].map(({ expiresAt }) => expiresAt));
  }

  #forgetDevices(now: number): void {
    for (const deviceId of this.#devices.forget(now)) {
      for (const kept of this.#kept.values()) {
        kept.acknowledgedBy.delete(deviceId);
        this.#removeIfDone(kept);
      }
    }
  }

  #note(kept: KeptMessage, deviceId: string): void {
    kept.acknowledgedBy.add(deviceId);
    kept.isAcknowledged = true;
    this.#removeIfDone(kept);
  }

  #removeIfDone({ entry, bytes, acknowledgedBy, isAcknowledged }: KeptMessage): void {
    if (!isAcknowledged || !this.#devices.areAllIn(acknowledgedBy)) return;
    this.#remove(entry.message.id, bytes);
    this.past.addDone(entry.message.id, entry.offset);
  }

  #remove(messageId: string, bytes: number): void {
    this.#kept.delete(messageId);
    this.#totals.kept.bytes -= bytes;
  }

  #at(offset: number): StreamPosition {
    return { offset, epoch: this.#epoch };
  }
}

function hasIt({ acknowledgedBy, isAcknowledged }: KeptMessage, deviceId: string): boolean {
  return acknowledgedBy.has(deviceId) || (isAcknowledged && deviceId === silentDevice);
}
