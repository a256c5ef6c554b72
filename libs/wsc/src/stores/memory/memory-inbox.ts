import { WscError } from '@nest-wsc/protocol';
import type { ByteCount } from '../../core/limits/byte-count.js';
import { jsonBytes } from '../../core/limits/json-bytes.js';
import type { OutboundMessage } from '../../core/messages/message.js';
import type { Clock } from '../../core/ports/clock.js';
import { defaultInboxLimits, type Inbox, type InboxEntry, type InboxLimits } from '../../core/ports/inbox.js';
import { UserInbox } from './user-inbox.js';

/** What a {@link MemoryInbox} needs. */
export interface MemoryInboxOptions {
  readonly clock: Clock;
  readonly limits?: InboxLimits;
  /** Users whose messages or devices are remembered. @default 100_000 */
  readonly maxUsers?: number;
  /** Of all kept messages together. @default 67_108_864 */
  readonly maxBytes?: number;
}

/** What a message takes beside its data: id, event, names and book-keeping. */
const messageOverheadBytes = 512;

/** Inboxes that live and die with the process. Full is an error to the sender; what is kept stays. */
export class MemoryInbox implements Inbox {
  readonly #clock: Clock;
  readonly #limits: InboxLimits;
  readonly #maxUsers: number;
  readonly #maxBytes: number;
  // In the order in which they are looked at for what has expired, next one first.
  readonly #users = new Map<string, UserInbox>();
  readonly #total: ByteCount = { bytes: 0 };

  constructor({ clock, limits = defaultInboxLimits, maxUsers = 100_000, maxBytes = 67_108_864 }: MemoryInboxOptions) {
    this.#clock = clock;
    this.#limits = limits;
    this.#maxUsers = maxUsers;
    this.#maxBytes = maxBytes;
  }

  /** @throws {WscError} WSC_LIMIT_EXCEEDED when this inbox, or all of them together, are full. */
  store(userId: string, message: OutboundMessage): InboxEntry {
    const now = this.#clock.monotonic();
    const inbox = this.#open(userId, now);
    const known = inbox?.get(message.id);
    if (known) return known;
    const bytes = messageOverheadBytes + jsonBytes(message.data);
    if (!inbox || inbox.isFull || this.#total.bytes + bytes > this.#maxBytes) throw new WscError('WSC_LIMIT_EXCEEDED');
    return inbox.add(message, bytes, now);
  }

  unacknowledged(userId: string, deviceId: string, limit: number): readonly InboxEntry[] {
    const now = this.#clock.monotonic();
    const inbox = this.#open(userId, now);
    inbox?.see(deviceId, now);
    return inbox?.unacknowledged(deviceId, limit) ?? [];
  }

  acknowledge(userId: string, deviceId: string, ids: readonly string[]): number {
    const now = this.#clock.monotonic();
    const inbox = this.#open(userId, now);
    inbox?.see(deviceId, now);
    return inbox?.acknowledge(deviceId, ids) ?? 0;
  }

  close(): void {
    this.#users.clear();
    this.#total.bytes = 0;
  }

  /** A user's inbox without what has expired; undefined where there is no place for one more user. */
  #open(userId: string, now: number): UserInbox | undefined {
    this.#expireNext(now);
    const known = this.#users.get(userId);
    known?.expire(now);
    if (!known && this.#users.size >= this.#maxUsers && !this.#forgetEmpty()) return undefined;
    const inbox = known ?? new UserInbox(this.#limits, this.#total);
    if (!known) this.#users.set(userId, inbox);
    return inbox;
  }

  #forgetEmpty(): boolean {
    for (const [userId, inbox] of this.#users) if (inbox.isEmpty) return this.#users.delete(userId);
    return false;
  }

  /** One inbox at each call: no call pays for all of them, and each gets its turn. */
  #expireNext(now: number): void {
    for (const [userId, inbox] of this.#users) {
      inbox.expire(now);
      this.#users.delete(userId);
      if (!inbox.isForgettable) this.#users.set(userId, inbox);
      return;
    }
  }
}
