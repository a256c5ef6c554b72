import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';
import type { StreamPosition, StreamReadLimit } from './streams.js';

/** A kept message with its place in the user's inbox. */
export interface InboxEntry {
  readonly message: OutboundMessage;
  /** 1, 2, 3… without holes per user and epoch. */
  readonly offset: number;
}

/**
 * The device of all connections whose clients name none and can acknowledge; no client can name it. It is known like a named one, but
 * only for 5 minutes after it was seen last, and is not one of the ten.
 */
export const unnamedDevice = '*';

/**
 * The device of all connections whose clients name none and can't acknowledge. It is never a known one: it gets what nobody has
 * acknowledged, and what it acknowledges waits only for those that are known.
 */
export const silentDevice = '?';

/** How much an inbox keeps. */
export interface InboxLimits {
  /** @default 1000 */
  readonly maxMessages: number;
  /** @default 604_800_000 (7 days) */
  readonly timeToLiveMs: number;
}

/** The limits of an inbox that was not told otherwise. */
export const defaultInboxLimits: InboxLimits = Object.freeze({ maxMessages: 1000, timeToLiveMs: 604_800_000 });

/** What is kept for a user. */
export interface InboxWrite {
  readonly message: OutboundMessage;
  /** @default the inbox's own */
  readonly timeToLiveMs?: number;
  /** The instance id of the node that waits for an acknowledgement; passed on to the nodes that hear of it. */
  readonly ackTo?: string;
}

/** What became of it. */
export interface InboxStored {
  /** `repeated`: a message with this id is kept, or was until a device acknowledged it, at this position. */
  readonly status: 'stored' | 'repeated';
  readonly position: StreamPosition;
}

/** Which part of what waits for a device. At least one entry is answered where there is one, however large. */
export interface InboxPageRequest extends StreamReadLimit {
  readonly afterOffset: number;
}

/** Some of what waits for a device, oldest first. */
export interface InboxPage {
  readonly entries: readonly InboxEntry[];
  /** Of the inbox; offsets of another one can't be compared. */
  readonly epoch: string;
}

/** A message that no device of its user will get any more. */
export interface DeadLetter {
  readonly message: OutboundMessage;
  readonly reason: 'expired';
  /** Where it was kept: another letter under the same id was elsewhere. */
  readonly position: StreamPosition;
  /** Milliseconds since 1970. */
  readonly diedAt: number;
}

/** What is kept for a user. */
export interface InboxSize {
  readonly messages: number;
  readonly deadLetters: number;
}

/**
 * Keeps messages for a user until each known device has acknowledged them or their time is up. Promises: in order; a message id is
 * kept once however often it is stored; a full inbox refuses and keeps what it has; what `store` answers is kept by then, and every
 * node that is subscribed to the user hears it through the broker as a message to the user with its `position`; what expires before
 * every device has it is a dead letter. At most 10 named devices of a user are known, each until it was not seen for 7 days: where one is
 * forgotten, what waited for it only goes, as if it had acknowledged that. Does not promise: to deliver, or that the broker's message arrives; that is the hub's.
 */
export interface Inbox {
  /** How many messages calls of this node have found to be dead letters, each counted by one node. Absent: they are not counted. */
  readonly deadLetterCount?: number;
  /** @throws {WscError} WSC_LIMIT_EXCEEDED when the inbox is full; WSC_UNAVAILABLE, WSC_TIMEOUT as `Streams.append` does. */
  store(userId: string, write: InboxWrite): MaybePromise<InboxStored>;
  /**
   * What `deviceId` has not acknowledged, oldest first. A device never seen starts from what nobody has acknowledged; from then on it is
   * a known one, as it is from its first acknowledgement.
   */
  unacknowledged(userId: string, deviceId: string, request: InboxPageRequest): MaybePromise<InboxPage>;
  /** Answers which of the ids were waiting for this device. With none it only becomes a known one. */
  acknowledge(userId: string, deviceId: string, ids: readonly string[]): MaybePromise<readonly string[]>;
  /** Everything up to and with `position`. Answers false where it is of another epoch or above the top; then nothing is acknowledged. */
  acknowledgeUpTo(userId: string, deviceId: string, position: StreamPosition): MaybePromise<boolean>;
  /** Whether any device has acknowledged this message: as long as it is kept, and then as long as its id is known. */
  isAcknowledged(userId: string, messageId: string): MaybePromise<boolean>;
  /** Newest first. At most the newest 100 of a user are kept, each for 7 days. */
  deadLetters(userId: string): MaybePromise<readonly DeadLetter[]>;
  /** Takes a dead letter out, to send it again; undefined where there is none with this id. */
  takeDeadLetter(userId: string, messageId: string): MaybePromise<DeadLetter | undefined>;
  size(userId: string): MaybePromise<InboxSize>;
  close(): MaybePromise<void>;
}
