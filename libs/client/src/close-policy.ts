import { adviceFor, closeCodes, WscError, type ErrorName, type GoodbyeData } from '@nest-wsc/protocol';
import type { Refusal, RefusalAnswer } from './refusal.js';
import type { RetryDelay } from './retry-delay.js';
import type { TokenReason } from './token-source.js';

/** What to do after a connection or an attempt has ended (PROTOCOL.md §7.1). */
export type Decision =
  | { readonly action: 'stop'; readonly error: WscError }
  | {
      readonly action: 'retry';
      readonly error: WscError;
      readonly delay: RetryDelay;
      readonly tokenReason: TokenReason;
    };

const withoutRefusal = {
  'no-answer': 'The gateway could not be reached.',
  'no-refusal':
    'The gateway answers, but the connection did not open. Either a proxy before it does not pass WebSocket upgrades on, ' +
    "or the page's origin is not in WSC_ORIGINS: the gateway's log says which origin it has refused.",
} as const satisfies Record<string, string>;

/** What is known about the token of the ended attempt. */
export interface TokenState {
  /** Whether a provider can give another. */
  readonly canRenew: boolean;
  /** Whether a token was given that can't be renewed. */
  readonly isFixed: boolean;
  /** Whether the last attempt already had a token that was asked for after a 401. */
  readonly wasRenewed: boolean;
}

/** How a connection ended. */
export interface ConnectionEnd {
  readonly code: number;
  readonly reason: string;
  readonly goodbye: GoodbyeData | undefined;
}

// A told delay is obeyed up to here: a wrong number must not silence a client for days.
const longestToldDelayMs = 3_600_000;

/** Decides by close code and `goodbye`. */
export function decideAfterClose(end: ConnectionEnd, token: TokenState): Decision {
  const { goodbye } = end;
  const advice = adviceFor(end.code);
  if (advice === 'stop' || goodbye?.reconnect === false) return stopAfterClose(end);
  if (end.code === closeCodes.tokenExpired.code) return decideAfterExpiry(end, token);
  const error = new WscError('WSC_UNAVAILABLE', {
    message: `The connection ended with ${describeClose(end)}.`,
    details: closeDetails(end),
  });
  const delay: RetryDelay =
    advice === 'reconnect-planned' && goodbye?.reconnectInMs !== undefined
      ? { kind: 'told', delayMs: clampDelay(goodbye.reconnectInMs) }
      : { kind: 'backoff' };
  return { action: 'retry', error, delay, tokenReason: 'connect' };
}

/** Decides by the HTTP answer to a refused upgrade. */
export function decideAfterRefusal(refusal: RefusalAnswer, token: TokenState): Decision {
  if (typeof refusal === 'string') {
    const error = new WscError('WSC_UNAVAILABLE', { message: withoutRefusal[refusal] });
    return { action: 'retry', error, delay: { kind: 'backoff' }, tokenReason: 'connect' };
  }
  const { statusCode, message, retryAfterMs } = refusal;
  const error = new WscError(errorNameOf(statusCode), {
    message: `The gateway refused the connection with ${statusCode}: ${message}`,
    details: { statusCode },
    retryAfterMs,
  });
  if (statusCode === 401 && token.canRenew && !token.wasRenewed) {
    // The gateway is there, and a second refusal in a row ends it: what an outage has added up is no reason to wait.
    return { action: 'retry', error, delay: { kind: 'soon' }, tokenReason: 'refused' };
  }
  if (isFinal(refusal)) return { action: 'stop', error };
  const delay: RetryDelay =
    retryAfterMs === undefined ? { kind: 'backoff' } : { kind: 'told-all', delayMs: clampDelay(retryAfterMs) };
  return { action: 'retry', error, delay, tokenReason: 'connect' };
}

/** Decides after the token provider threw. */
export function decideAfterTokenFailure(error: WscError): Decision {
  const isFinal = error.error === 'WSC_UNAUTHORIZED' || error.error === 'WSC_FORBIDDEN';
  return isFinal
    ? { action: 'stop', error }
    : { action: 'retry', error, delay: { kind: 'backoff' }, tokenReason: 'connect' };
}

function decideAfterExpiry(end: ConnectionEnd, token: TokenState): Decision {
  const error = new WscError('WSC_UNAUTHORIZED', { message: 'The token has expired.', details: closeDetails(end) });
  if (!token.isFixed) return { action: 'retry', error, delay: { kind: 'now' }, tokenReason: 'expired' };
  const message = 'The token has expired. Give connect() a function, so that the client can get a new token by itself.';
  return { action: 'stop', error: new WscError('WSC_UNAUTHORIZED', { message, details: closeDetails(end) }) };
}

/** 404 only from the gateway itself: proxies give it, too, while they have nobody to forward to. */
function isFinal({ statusCode, isFromGateway }: Refusal): boolean {
  if (statusCode === 401 || statusCode === 403) return true;
  return isFromGateway && (statusCode === 400 || statusCode === 404 || statusCode === 426);
}

function errorNameOf(statusCode: number): ErrorName {
  if (statusCode === 401) return 'WSC_UNAUTHORIZED';
  if (statusCode === 404) return 'WSC_NOT_FOUND';
  if (statusCode === 429) return 'WSC_LIMIT_EXCEEDED';
  return statusCode < 500 ? 'WSC_FORBIDDEN' : 'WSC_UNAVAILABLE';
}

const stopErrors: ReadonlyMap<number, ErrorName> = new Map([
  [closeCodes.protocolError.code, 'WSC_INVALID_ENVELOPE'],
  [closeCodes.tooManyErrors.code, 'WSC_INVALID_ENVELOPE'],
  [closeCodes.unauthorized.code, 'WSC_UNAUTHORIZED'],
  [closeCodes.replaced.code, 'WSC_CONFLICT'],
]);

function stopAfterClose(end: ConnectionEnd): Decision {
  const message = `The gateway ended the connection with ${describeClose(end)} and does not want the client to come back.`;
  return {
    action: 'stop',
    error: new WscError(stopErrors.get(end.code) ?? 'WSC_FORBIDDEN', { message, details: closeDetails(end) }),
  };
}

function describeClose({ code, reason }: ConnectionEnd): string {
  return reason === '' ? `${code}` : `${code} (${reason})`;
}

function closeDetails({ code, reason }: ConnectionEnd): { readonly closeCode: number; readonly reason: string } {
  return { closeCode: code, reason };
}

function clampDelay(delayMs: number): number {
  return delayMs >= 0 ? Math.min(delayMs, longestToldDelayMs) : 0;
}
