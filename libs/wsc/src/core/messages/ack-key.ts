/** One user's acknowledgement of one message. A user id has no spaces (PROTOCOL.md §5), so the first one ends it. */
export function ackKey(userId: string, messageId: string): string {
  return `${userId} ${messageId}`;
}
