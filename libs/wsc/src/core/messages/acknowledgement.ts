/** Who acknowledged a message. */
export interface Acknowledger {
  readonly deviceId: string;
  readonly connectionId: string;
}

/** Who acknowledged a message, as far as it is still known. */
export type KnownAcknowledger = Partial<Pick<Acknowledger, 'deviceId'>>;

/** One device's acknowledgement of one message. */
export interface Acknowledgement extends Acknowledger {
  readonly messageId: string;
  readonly userId: string;
}

/** What an acknowledgement of one message by one user is found by. A user id has no spaces (PROTOCOL.md §5), so the first one ends it. */
export function ackKey(userId: string, messageId: string): string {
  return `${userId} ${messageId}`;
}
