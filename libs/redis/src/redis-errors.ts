import { WscError } from '@nest-wsc/protocol';

/**
 * What went wrong with Redis, for who asked: it may go well later, so it is WSC_UNAVAILABLE, whatever the reason (not connected,
 * timed out, READONLY, LOADING, OOM, CLUSTERDOWN …), which is the cause. A time-out says nothing about whether Redis did it: who must
 * know asks {@link isEffectUnknown}.
 */
export function redisError(cause: unknown): WscError {
  return cause instanceof WscError ? cause : new WscError('WSC_UNAVAILABLE', { cause: withoutCommand(cause) });
}

/** ioredis hangs the whole command on its errors, with payloads and passwords: nothing for a log. */
export function withoutCommand(cause: unknown): unknown {
  if (cause instanceof Error) Reflect.deleteProperty(cause, 'command');
  return cause;
}

/** What ioredis says of a command that was written and not answered; it has no codes for them. */
const unanswered = new Set(['Command timed out', 'Connection is closed.']);

/** Whether the command may have taken effect all the same: it was written, and the answer is lost. */
export function isEffectUnknown(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  return cause.name === 'MaxRetriesPerRequestError' || unanswered.has(cause.message);
}

/** Whether Redis itself has answered with an error, so that asking again on a new connection would change nothing. */
export function isReplyError(cause: unknown): boolean {
  return cause instanceof Error && cause.name === 'ReplyError';
}
