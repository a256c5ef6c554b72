import { WscError } from '@nest-wsc/protocol';
import { isA } from '../async/as-error.js';
import type { IdempotencyTable } from '../idempotency/idempotency-table.js';
import type { MessageContext } from '../messages/message-context.js';
import { answerSourceOf } from './answer-stream.js';

/**
 * Calls the handler of a request with an id, unless it was called for that id before: then its first answer is this one's too
 * (PROTOCOL.md §2.6).
 * @throws what the handler throws or threw; {@link WscError} WSC_CONFLICT, WSC_LIMIT_EXCEEDED
 */
export async function runOnce(
  table: IdempotencyTable,
  { context, fingerprint }: { readonly context: MessageContext; readonly fingerprint: string },
  handle: () => unknown,
): Promise<unknown> {
  const { connection } = context;
  const decision = table.begin(connection.userId ?? connection.id, scopedId(context), fingerprint);
  switch (decision.kind) {
    case 'conflict':
      throw new WscError('WSC_CONFLICT', { message: 'This id was used for another request.' });
    case 'full':
      throw new WscError('WSC_LIMIT_EXCEEDED', { message: 'Too many requests with an id are running.' });
    case 'repeat': {
      const answer = await decision.answer;
      if (answer.ok) return answer.data;
      throw answer.error;
    }
    case 'new':
      return handleFirst(decision, context.signal, handle);
  }
}

async function handleFirst(
  { settle, abandon }: Extract<ReturnType<IdempotencyTable['begin']>, { readonly kind: 'new' }>,
  signal: AbortSignal,
  handle: () => unknown,
): Promise<unknown> {
  if (signal.aborted) abandon();
  else signal.addEventListener('abort', abandon, { once: true });
  try {
    const value = await handle();
    const isStream = answerSourceOf(value) !== undefined;
    settle(isStream ? { ok: false, error: streamIsNotRepeated() } : { ok: true, data: value }, true);
    return value;
  } catch (cause) {
    const error = isA(WscError, cause) ? cause : new WscError('WSC_INTERNAL', { cause });
    settle({ ok: false, error }, !error.temporary);
    throw cause;
  } finally {
    signal.removeEventListener('abort', abandon);
  }
}

/** The same id of another device, or for another place, is another request. */
function scopedId({ connection, idempotencyId }: MessageContext): string {
  const { deviceId, path, params } = connection;
  return JSON.stringify([deviceId, path, params, idempotencyId]);
}

/** Names a request with an id among all of them; undefined for one without. */
export function idempotencyKeyOf(context: MessageContext): string | undefined {
  const { connection, idempotencyId } = context;
  return idempotencyId === undefined
    ? undefined
    : JSON.stringify([connection.userId ?? connection.id, scopedId(context)]);
}

function streamIsNotRepeated(): WscError {
  return new WscError('WSC_CONFLICT', {
    message: 'This request was answered by a stream, which is not kept.',
    details: 'unknown',
  });
}
