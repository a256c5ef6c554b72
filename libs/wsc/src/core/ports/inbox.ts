import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';

/** A kept message with its place in the user's inbox. */
export interface InboxEntry {
  readonly message: OutboundMessage;
  /** 1, 2, 3… without holes per user and epoch. */
  readonly offset: number;
}

/** How much an inbox keeps. */
export interface InboxLimits {
  /** @default 1000 */
  readonly maxMessages: number;
  /** @default 604_800_000 (7 days) */
  readonly timeToLiveMs: number;
}

/** The limits of an inbox that was not told otherwise. */
export const defaultInboxLimits: InboxLimits = Object.freeze({ maxMessages: 1000, timeToLiveMs: 604_800_000 });

/**
 * Keeps messages for a user until each known device has acknowledged them or their time is up. Promises: in order; a message id is
 * kept once however often it is stored; a full inbox refuses and keeps what it has. Does not promise: to deliver; that is the hub's.
 */
export interface Inbox {
  /** @throws {WscError} WSC_LIMIT_EXCEEDED when the inbox is full. */
  store(userId: string, message: OutboundMessage): MaybePromise<InboxEntry>;
  /** What `deviceId` has not acknowledged, oldest first. A device never seen starts from what nobody has acknowledged. */
  unacknowledged(userId: string, deviceId: string, limit: number): MaybePromise<readonly InboxEntry[]>;
  /** Answers how many of the ids were waiting for this device. */
  acknowledge(userId: string, deviceId: string, ids: readonly string[]): MaybePromise<number>;
  close(): MaybePromise<void>;
}
