import { isErrorName, WscError } from '@nest-wsc/protocol';

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

/**
 * The same as text, for the other nodes: `[data]`, or the parts of an error. Undefined where it is too large, or JSON can't write it. What
 * an internal error says is for the log of the node that had it.
 */
export function answerText(answer: StoredAnswer, maxBytes: number): string | undefined {
  const text = answer.ok ? textOf(answer.data) : errorText(answer.error);
  return text === undefined || Buffer.byteLength(text) > maxBytes ? undefined : text;
}

/** Reads what {@link answerText} has written; anything else is a lost answer. */
export function parseAnswer(text: string): StoredAnswer {
  const wire = parseJson(text);
  if (Array.isArray(wire) && wire.length === 1) return { ok: true, data: wire[0] };
  if (typeof wire !== 'object' || wire === null) return lostAnswer();
  const { error, message, details, retryAfterMs }: Partial<Record<string, unknown>> = { ...wire };
  if (!isErrorName(error)) return lostAnswer();
  return {
    ok: false,
    error: new WscError(error, {
      ...(typeof message === 'string' && { message }),
      ...(details !== undefined && { details }),
      ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
    }),
  };
}

function errorText({ error, message, details, retryAfterMs, expose }: WscError): string | undefined {
  const shown = expose ? { message, details, retryAfterMs } : {};
  try {
    return JSON.stringify({ error, ...shown });
  } catch {
    return undefined;
  }
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
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
