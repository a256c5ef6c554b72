import type { MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage } from '../messages/message.js';

/**
 * How far a durable message, or one whose acknowledgement was waited for, has come. `queued`: kept, or on its way. `sent`: handed to a
 * device. `acked`: a device has it. `expired`: its time was up first. `failed`: nobody got it, and nothing keeps it.
 */
export type MessageStatus = 'queued' | 'sent' | 'acked' | 'expired' | 'failed';

/** What is known of a message. */
export interface MessageRecord {
  readonly id: string;
  readonly userId: string;
  readonly status: MessageStatus;
  /** Of `failed`, and of `sent` where nobody acknowledged in time. */
  readonly reason?: string;
  /** Of `acked`: the device that was first. */
  readonly deviceId?: string;
  /** How often it was sent, where an acknowledgement was waited for. */
  readonly attempts?: number;
  /** Milliseconds since 1970, as `changedAt`. */
  readonly queuedAt: number;
  readonly changedAt: number;
}

/** What has happened to a message. */
export interface MessageNote {
  readonly id: string;
  readonly status: MessageStatus;
  /** Milliseconds since 1970. */
  readonly at: number;
  /** When it was queued. @default `at` */
  readonly queuedAt?: number;
  /** Until when it is kept: `expired` from then on, without a note, where no device has acknowledged it. */
  readonly expiresAt?: number;
  readonly reason?: string;
  readonly deviceId?: string;
  readonly attempts?: number;
  /** Of `failed`: what can be sent again. */
  readonly message?: OutboundMessage;
}

/**
 * Keeps what has become of messages, for seven days after the last that was noted, or after a message's own time. Promises: a note that
 * says less than is known changes nothing, since nodes note in no order (the first of `acked` and `expired` stays, then `sent` is more than
 * the newest of `queued` and `failed`); `acked` and `expired` of a message that is not known make no record, since a client can acknowledge anything. Does not promise: that
 * nothing is forgotten before, the oldest first; messages of more than 64 KiB are not kept to be sent again.
 */
export interface MessageRecords {
  /** @throws {WscError} WSC_UNAVAILABLE */
  note(userId: string, notes: readonly MessageNote[]): MaybePromise<void>;
  get(userId: string, messageId: string): MaybePromise<MessageRecord | undefined>;
  /** Undefined where it has not failed, or is not there any more. */
  failedMessage(userId: string, messageId: string): MaybePromise<OutboundMessage | undefined>;
  close(): MaybePromise<void>;
}
