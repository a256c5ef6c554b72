import { readKey } from './read-key.js';

/** What the gateway answers over HTTP to a connection that it does not want (PROTOCOL.md §1.3). */
export interface Refusal {
  readonly statusCode: number;
  readonly message: string;
  /** From `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** Whether the gateway itself said it; else it was a proxy or another server. */
  readonly isFromGateway: boolean;
}

/** What {@link askRefusal} needs. */
export interface RefusalQuestion {
  /** The gateway's URL, `ws:` or `wss:`, with its query. */
  readonly url: string;
  /** The token of the attempt; it travels in the `Authorization` header. */
  readonly token: string | undefined;
  readonly fetch: typeof fetch;
  readonly signal: AbortSignal;
}

/** What is known after the question: a refusal, that there is none any more, or nothing. */
export type RefusalAnswer = Refusal | 'no-refusal' | 'no-answer';

/**
 * Asks for the reason of a failed open: browsers hide the HTTP status of a refused upgrade, and a plain `GET` on the same
 * URL passes the same checks. Never rejects.
 */
export async function askRefusal({ url, token, fetch, signal }: RefusalQuestion): Promise<RefusalAnswer> {
  try {
    const response = await fetch(url.replace(/^ws/, 'http'), {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      cache: 'no-store',
      signal,
    });
    if (response.status < 400) {
      await response.body?.cancel();
      return 'no-refusal';
    }
    return parseRefusal(response, await response.text());
  } catch {
    return 'no-answer';
  }
}

function parseRefusal(response: Response, text: string): Refusal {
  const body = parseJson(text);
  const statusCode = readKey(body, 'statusCode');
  const message = readKey(body, 'message');
  return {
    statusCode: response.status,
    message: typeof message === 'string' ? message : `HTTP ${response.status}`,
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after')),
    isFromGateway: statusCode === response.status,
  };
}

/** The gateway sends seconds; a date, which RFC 9110 allows too, counts as absent. */
function parseRetryAfter(value: string | null): number | undefined {
  return value !== null && /^\d{1,6}$/.test(value) ? Number(value) * 1000 : undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
