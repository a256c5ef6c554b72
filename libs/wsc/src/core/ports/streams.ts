import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';

/** A place in a stream (PROTOCOL.md §6.1). Offsets are 1, 2, 3… without holes within an epoch; 0 is before the first. */
export interface StreamPosition {
  readonly offset: number;
  /** Offsets of different epochs can't be compared. */
  readonly epoch: string;
}

/** A kept message with its place. */
export interface StreamEntry {
  readonly offset: number;
  readonly message: OutboundMessage;
  /** The connection that must not hear it. */
  readonly exceptConnectionId?: string;
}

/** How much a stream keeps: what goes beyond either is trimmed, oldest first. */
export interface StreamLimits {
  /** At least 1. */
  readonly maxMessages: number;
  /** Milliseconds for which a message is kept; an untouched stream is gone after them, its position and epoch stay much longer. */
  readonly timeToLiveMs: number;
}

/** What is written. */
export interface StreamWrite {
  readonly message: OutboundMessage;
  readonly exceptConnectionId?: string;
  readonly limits: StreamLimits;
  /** Of several writes with one key the first one counts, and all get its answer, for `windowMs`. Absent: each write counts. */
  readonly once?: { readonly key: string; readonly windowMs: number };
  /** A write whose version is not above the highest one written with the same key is not stored. */
  readonly version?: { readonly key: string; readonly value: number };
}

/** What became of a write. */
export interface StreamWriteResult {
  /** `repeated`: it was stored before, at this position. `stale`: not stored, since a newer version is; the position is the top. */
  readonly status: 'stored' | 'repeated' | 'stale';
  /** Of the message that counts: of a repeated write the first one's. */
  readonly id: string;
  readonly position: StreamPosition;
}

/** How much to read at most. At least one entry is answered where there is one, however large. */
export interface StreamReadLimit {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** What was read. */
export type StreamRead =
  | {
      readonly status: 'ok';
      /** Without holes from the position that was asked for; oldest first. */
      readonly entries: readonly StreamEntry[];
      /** The newest entry's place at the time of the reading. */
      readonly top: StreamPosition;
    }
  /** `epoch`: the past is lost, or the position is ahead of the top. `trimmed`: what follows the position is no longer kept. */
  | { readonly status: 'epoch' | 'trimmed'; readonly top: StreamPosition };

/**
 * Keeps the messages of rooms with history. Promises: once `append` has settled the message is stored, with an offset above that of
 * every append that settled before it began; then everybody hears it through the broker as a message to the room with its `position`,
 * on each node that is subscribed to the room, the writing one too; a repeat is heard by nobody. After a loss of data the epoch is
 * another. Does not promise: that the broker's message arrives; whoever follows a stream compares offsets and reads what is missing.
 */
export interface Streams {
  /**
   * @throws {WscError} WSC_UNAVAILABLE where it is certainly not stored, WSC_TIMEOUT where that is not known (with `once` it can be
   *   tried again), WSC_LIMIT_EXCEEDED where the store has no room, WSC_MESSAGE_TOO_LARGE, WSC_INTERNAL for data that can't be written.
   */
  append(room: string, write: StreamWrite): MaybePromise<StreamWriteResult>;
  /** What follows `since`. @throws {WscError} WSC_UNAVAILABLE */
  read(room: string, since: StreamPosition, limit: StreamReadLimit): MaybePromise<StreamRead>;
  /** Everything that is kept, from the oldest on. @throws {WscError} WSC_UNAVAILABLE */
  readFromStart(room: string, limit: StreamReadLimit): MaybePromise<Extract<StreamRead, { readonly status: 'ok' }>>;
  /** The newest place of each room, in their order; a stream that is not there begins, at offset 0. @throws {WscError} WSC_UNAVAILABLE */
  tops(rooms: readonly string[]): MaybePromise<readonly StreamPosition[]>;
  /** Forgets the messages; what is written next has another epoch. @throws {WscError} WSC_UNAVAILABLE */
  delete(room: string): MaybePromise<void>;
  /** Ends it; called once. */
  close(): MaybePromise<void>;
}
