import { WscError } from '@nest-wsc/protocol';
import { jsonBytes } from '../../core/limits/json-bytes.js';
import type { Broker } from '../../core/ports/broker.js';
import type { Clock } from '../../core/ports/clock.js';
import {
  defaultInboxLimits,
  silentDevice,
  type DeadLetter,
  type Inbox,
  type InboxLimits,
  type InboxPage,
  type InboxPageRequest,
  type InboxSize,
  type InboxStored,
  type InboxWrite,
} from '../../core/ports/inbox.js';
import type { StreamPosition } from '../../core/ports/streams.js';
import { createEpoch } from '../shared/create-epoch.js';
import { announce } from './announce.js';
import type { DeadMessage } from './inbox-past.js';
import { UserInbox, type InboxTotals } from './user-inbox.js';

/** What a {@link MemoryInbox} needs. */
export interface MemoryInboxOptions {
  readonly clock: Clock;
  /** Hears of what was stored before `store` returns. */
  readonly broker: Broker;
  readonly limits?: InboxLimits;
  /** Users whose messages or devices are remembered. @default 100_000 */
  readonly maxUsers?: number;
  /** Of all that is kept; dead letters are given up before a message is refused. @default 67_108_864 */
  readonly maxBytes?: number;
}

/** What a message takes beside its data: id, event, names and book-keeping. */
const messageOverheadBytes = 512;

/** Inboxes that live and die with the process. Full is an error to the sender; what is kept stays. */
export class MemoryInbox implements Inbox {
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #limits: InboxLimits;
  readonly #maxUsers: number;
  readonly #maxBytes: number;
  // In the order in which they are looked at for what has expired, next one first.
  readonly #users = new Map<string, UserInbox>();
  /** Of a user for whom there is no place. */
  readonly #nothing: InboxPage = { entries: [], epoch: createEpoch() };
  readonly #totals: InboxTotals = { kept: { bytes: 0 }, past: { bytes: 0 }, deadLetters: 0 };

  constructor(options: MemoryInboxOptions) {
    const { clock, broker, limits = defaultInboxLimits, maxUsers = 100_000, maxBytes = 67_108_864 } = options;
    this.#clock = clock;
    this.#broker = broker;
    this.#limits = limits;
    this.#maxUsers = maxUsers;
    this.#maxBytes = maxBytes;
  }

  get deadLetterCount(): number {
    return this.#totals.deadLetters;
  }

  /**
   * @throws {WscError} WSC_LIMIT_EXCEEDED when this inbox, or all of them together, are full; WSC_INTERNAL for data that JSON can't
   *   write.
   */
  store(userId: string, { message, timeToLiveMs = this.#limits.timeToLiveMs, ackTo }: InboxWrite): InboxStored {
    const now = this.#clock.monotonic();
    const inbox = this.#open(userId, now);
    const known = inbox?.find(message.id);
    if (known) return { status: 'repeated', position: known };
    const bytes = messageOverheadBytes + jsonBytes(message.data);
    if (bytes === Infinity) throw new WscError('WSC_INTERNAL', { message: `JSON can't write "${message.event}".` });
    if (!inbox || inbox.size.messages >= this.#limits.maxMessages || !this.#makeRoom(bytes)) {
      throw new WscError('WSC_LIMIT_EXCEEDED');
    }
    const position = inbox.add({ message, bytes, expiresAt: now + timeToLiveMs }, now);
    const destination = { kind: 'user', userId } as const;
    announce(this.#broker, { destination, message, position, ...(ackTo !== undefined && { ackTo }) });
    return { status: 'stored', position };
  }

  unacknowledged(userId: string, deviceId: string, request: InboxPageRequest): InboxPage {
    return this.#see(userId, deviceId)?.unacknowledged(deviceId, request) ?? this.#nothing;
  }

  acknowledge(userId: string, deviceId: string, ids: readonly string[]): readonly string[] {
    return this.#see(userId, deviceId)?.acknowledge(deviceId, ids) ?? [];
  }

  acknowledgeUpTo(userId: string, deviceId: string, position: StreamPosition): boolean {
    return this.#see(userId, deviceId)?.acknowledgeUpTo(deviceId, position) ?? false;
  }

  isAcknowledged(userId: string, messageId: string): boolean {
    return this.#find(userId, this.#clock.monotonic())?.isAcknowledged(messageId) ?? false;
  }

  deadLetters(userId: string): readonly DeadLetter[] {
    const dead = this.#find(userId, this.#clock.monotonic())?.past.deadLetters() ?? [];
    return dead.map((each) => this.#letterOf(each));
  }

  takeDeadLetter(userId: string, messageId: string): DeadLetter | undefined {
    const dead = this.#find(userId, this.#clock.monotonic())?.past.takeDead(messageId);
    return dead && this.#letterOf(dead);
  }

  size(userId: string): InboxSize {
    return this.#find(userId, this.#clock.monotonic())?.size ?? { messages: 0, deadLetters: 0 };
  }

  close(): void {
    this.#users.clear();
    this.#totals.kept.bytes = 0;
    this.#totals.past.bytes = 0;
  }

  #letterOf({ message, position, diedAt }: DeadMessage): DeadLetter {
    return { message, reason: 'expired', position, diedAt: this.#clock.now() - (this.#clock.monotonic() - diedAt) };
  }

  /** A user's inbox, which knows now that the device is there; undefined where there is no place for one more user. */
  #see(userId: string, deviceId: string): UserInbox | undefined {
    const now = this.#clock.monotonic();
    // Who is not waited for begins nothing.
    const inbox = deviceId === silentDevice ? this.#find(userId, now) : this.#open(userId, now);
    inbox?.see(deviceId, now);
    return inbox;
  }

  /** As {@link #find}, and one for a user that has none; undefined where there is no place for one more user. */
  #open(userId: string, now: number): UserInbox | undefined {
    const known = this.#find(userId, now);
    if (known) return known;
    if (this.#users.size >= this.#maxUsers && !this.#forgetEmpty()) return undefined;
    const inbox = new UserInbox(this.#totals);
    this.#users.set(userId, inbox);
    return inbox;
  }

  /** A user's inbox without what has expired. */
  #find(userId: string, now: number): UserInbox | undefined {
    this.#expireNext(now);
    const inbox = this.#users.get(userId);
    inbox?.expire(now);
    return inbox;
  }

  /** Whether so many bytes fit in, once enough of the past is given up. */
  #makeRoom(bytes: number): boolean {
    const { kept, past } = this.#totals;
    if (kept.bytes + bytes > this.#maxBytes) return false;
    for (const inbox of this.#users.values()) {
      if (kept.bytes + past.bytes + bytes <= this.#maxBytes) break;
      inbox.past.clear();
    }
    return true;
  }

  #forgetEmpty(): boolean {
    for (const [userId, inbox] of this.#users) {
      if (inbox.size.messages > 0) continue;
      inbox.past.clear();
      return this.#users.delete(userId);
    }
    return false;
  }

  /** One inbox at each call: no call pays for all of them, and each gets its turn. */
  #expireNext(now: number): void {
    for (const [userId, inbox] of this.#users) {
      inbox.expire(now);
      this.#users.delete(userId);
      if (inbox.isForgettable(now)) inbox.past.clear();
      else this.#users.set(userId, inbox);
      return;
    }
  }
}
