/** A WebSocket close code with the constant reason that goes on the wire (at most 123 UTF-8 bytes, RFC 6455 §5.5). */
export interface CloseCode {
  readonly code: number;
  readonly reason: string;
}

/**
 * Every close code that this protocol sends (PROTOCOL.md §7).
 * 4000–4499: the client may come back, with backoff. 4500–4999: it must not, until something changes.
 * 1001 and 1012 are planned: come back after the `reconnect_in_ms` of the `goodbye`.
 */
export const closeCodes = {
  normal: { code: 1000, reason: 'normal closure' },
  goingAway: { code: 1001, reason: 'going away' },
  messageTooLarge: { code: 1009, reason: 'message too large' },
  internalError: { code: 1011, reason: 'internal error' },
  serviceRestart: { code: 1012, reason: 'service restart' },
  overloaded: { code: 1013, reason: 'try again later' },
  tokenExpired: { code: 4001, reason: 'token expired' },
  noPong: { code: 4002, reason: 'no pong' },
  slowConsumer: { code: 4008, reason: 'slow consumer' },
  insufficientState: { code: 4010, reason: 'insufficient state' },
  rateLimited: { code: 4029, reason: 'rate limited' },
  protocolError: { code: 4500, reason: 'protocol error' },
  unauthorized: { code: 4501, reason: 'unauthorized' },
  tooManyErrors: { code: 4502, reason: 'too many errors' },
  kicked: { code: 4503, reason: 'kicked' },
  replaced: { code: 4504, reason: 'replaced' },
} as const satisfies Record<string, CloseCode>;

/** The name of a close code of the catalogue, for example `slowConsumer`. */
export type CloseCodeName = keyof typeof closeCodes;

/** What a client does after a close: come back with backoff, come back after a told delay, or stay away. */
export type CloseAdvice = 'reconnect' | 'reconnect-planned' | 'stop';

/** What PROTOCOL.md §7 tells a client to do after `code`. Unknown codes below 4500 mean "come back". */
export function adviceFor(code: number): CloseAdvice {
  if (code === 1001 || code === 1012) return 'reconnect-planned';
  if (code >= 4500 && code <= 4999) return 'stop';
  return 'reconnect';
}
