import { WscError } from '@nest-wsc/protocol';
import type { StoredAnswer } from './idempotency-owner.js';
import { jsonBytes } from '../limits/json-bytes.js';

/** What an entry takes beside its answer: id, fingerprint, book-keeping, an error's stack. */
const entryBytes = 512;

/**
 * What of an answer is kept for its repeats, and roughly what that takes. An answer that is too large is replaced: it stays true
 * that the request has run and does not run again, only its answer is lost.
 */
export function keepable(
  answer: StoredAnswer,
  maxBytes: number,
): { readonly answer: StoredAnswer; readonly bytes: number } {
  const kept = answer.ok ? answer : { ok: false as const, error: withoutCause(answer.error) };
  const bytes = entryBytes + jsonBytes(kept.ok ? kept.data : [kept.error.message, kept.error.details]);
  return bytes <= maxBytes ? { answer: kept, bytes } : { answer: lostAnswer(), bytes: entryBytes };
}

function lostAnswer(): StoredAnswer {
  const message = 'This request was carried out, but its answer could not be kept.';
  return { ok: false, error: new WscError('WSC_CONFLICT', { message, details: 'unknown' }) };
}

/** A cause never reaches the peer, and may hold on to anything. */
function withoutCause({ error, message, details, retryAfterMs }: WscError): WscError {
  return new WscError(error, { message, details, retryAfterMs });
}
