import type { MessageRecord, MessageStatus } from '../../core/ports/message-records.js';

/** How long a record stays after the last note, or after its message's own time. */
export const recordMs = 604_800_000;

/** Larger messages are not kept to be sent again. */
export const maxFailedBytes = 65_536;

/** A record as it is kept: that a message has expired need not be noted, it is seen. */
export interface KeptRecord {
  readonly status: MessageStatus;
  readonly reason?: string | undefined;
  readonly deviceId?: string | undefined;
  readonly attempts?: number | undefined;
  readonly queuedAt: number;
  readonly changedAt: number;
  readonly expiresAt?: number | undefined;
}

/** The record of a message as it is now. */
export function recordAt(now: number, name: Pick<MessageRecord, 'id' | 'userId'>, kept: KeptRecord): MessageRecord {
  const { status, reason, deviceId, attempts, queuedAt, changedAt, expiresAt } = kept;
  const isOpen = status === 'queued' || status === 'sent';
  if (isOpen && expiresAt !== undefined && expiresAt <= now) {
    return { ...name, status: 'expired', queuedAt, changedAt: expiresAt };
  }
  return {
    ...name,
    status,
    ...(reason !== undefined && { reason }),
    ...(deviceId !== undefined && { deviceId }),
    ...(attempts !== undefined && { attempts }),
    queuedAt,
    changedAt,
  };
}
