import { WscError } from '@nest-wsc/protocol';

/** What an entry takes beside its answer: id, fingerprint, book-keeping, an error's stack. */
const entryBytes = 512;

/** The first answer to a request, for its repeats. */
export type StoredAnswer =
  { readonly ok: true; readonly data: unknown } | { readonly ok: false; readonly error: WscError };

/** What of an answer is kept. */
export interface KeepableAnswer {
  /** Gives the answer again, as it was when it was kept: who gave it may go on with its objects. */
  readonly read: () => StoredAnswer;
  /** What it takes, roughly. */
  readonly bytes: number;
}

/**
 * What of an answer is kept for its repeats, and roughly what that takes. An answer that is too large is replaced: it stays true
 * that the request has run and does not run again, only its answer is lost.
 */
export function keepable(answer: StoredAnswer, maxBytes: number): KeepableAnswer {
  const text = textOf(answer.ok ? answer.data : answer.error.details);
  const bytes =
    entryBytes + (text === undefined ? 0 : Buffer.byteLength(text)) + (answer.ok ? 0 : answer.error.message.length);
  if (text === undefined || bytes > maxBytes) return { read: () => lostAnswer(), bytes: entryBytes };
  if (answer.ok) return { read: () => ({ ok: true, data: valueOf(text) }), bytes };
  const error = withoutCause(answer.error, answer.error.details === undefined ? undefined : valueOf(text));
  return { read: () => ({ ok: false, error }), bytes };
}

/** For a request that has begun, and whose answer nobody can give. */
export function lostAnswer(message = 'This request was carried out, but its answer could not be kept.'): StoredAnswer {
  return { ok: false, error: new WscError('WSC_CONFLICT', { message, details: 'unknown' }) };
}

/** In an array, so that what has no JSON is null, as in the answer itself. Undefined where JSON can't write it. */
function textOf(value: unknown): string | undefined {
  try {
    return JSON.stringify([value]);
  } catch {
    return undefined;
  }
}

function valueOf(text: string): unknown {
  const list: unknown = JSON.parse(text);
  return Array.isArray(list) ? list[0] : undefined;
}

/** A cause never reaches the peer, and may hold on to anything. */
function withoutCause({ error, message, retryAfterMs }: WscError, details: unknown): WscError {
  return new WscError(error, { message, details, retryAfterMs });
}
