import { WscError } from '@nest-wsc/protocol';

/** What a refusal means while a room is being joined again: who is not in it may not write to it, and may soon. */
export function notInYet(refusal: unknown, room: string): unknown {
  if (!(refusal instanceof WscError) || refusal.error !== 'WSC_FORBIDDEN') return refusal;
  const { details } = refusal;
  const message = `The client could not join "${room}" again yet.`;
  return new WscError('WSC_UNAVAILABLE', { message, details, cause: refusal });
}
