import { WscError } from '@nest-wsc/protocol';
import { isA } from '../async/as-error.js';
import type { ClaimedRuns } from '../idempotency/claimed-runs.js';
import type { IdempotencyDecision, IdempotencyTable } from '../idempotency/idempotency-table.js';
import type { StoredAnswer } from '../idempotency/kept-answer.js';
import { idInUse, tooManyRunning } from '../idempotency/refusals.js';
import type { MessageContext } from '../messages/message-context.js';
import { answerSourceOf } from './answer-stream.js';
import type { Route } from './route-table.js';

/** What decides whether a request runs. */
export interface RunOnceParts {
  /** Of the requests of this node. */
  readonly table: IdempotencyTable;
  /** Of those of all nodes; absent: this one is alone. */
  readonly claimedRuns: ClaimedRuns | undefined;
}

/** A request with an id. */
export interface RequestWithId {
  readonly context: MessageContext;
  readonly fingerprint: string;
  readonly isRepeatable: Route['isRepeatable'];
}

type NewRequest = Extract<IdempotencyDecision, { readonly kind: 'new' }>;

/**
 * Calls the handler of a request with an id, unless it was called for that id before, here or on another node: then its first answer is
 * this one's too (PROTOCOL.md §2.6).
 * @throws what the handler throws or threw; {@link WscError} WSC_CONFLICT, WSC_LIMIT_EXCEEDED, and with other nodes WSC_UNAVAILABLE and
 *   WSC_TIMEOUT
 */
export async function runOnce(
  { table, claimedRuns }: RunOnceParts,
  request: RequestWithId,
  handle: () => unknown,
): Promise<unknown> {
  const { context, fingerprint } = request;
  const decision = table.begin(ownerOf(context), scopedId(context), fingerprint);
  switch (decision.kind) {
    case 'conflict':
      throw idInUse();
    case 'full':
      throw tooManyRunning();
    case 'repeat':
      return dataOf(await decision.answer);
    case 'new':
      if (claimedRuns === undefined) return handleFirst(decision, context.signal, handle);
      return handleClaimed(claimedRuns, { ...request, decision }, handle);
  }
}

async function handleClaimed(
  claimedRuns: ClaimedRuns,
  { context, fingerprint, isRepeatable, decision }: RequestWithId & { readonly decision: NewRequest },
  handle: () => unknown,
): Promise<unknown> {
  const { signal } = context;
  const start = await claimedRuns.start(
    { owner: ownerOf(context), key: scopedId(context), fingerprint },
    { signal, isRepeatable: () => isRepeatable?.(context) === true },
  );
  if (start.kind === 'run') {
    const settle: NewRequest['settle'] = (answer, keep) => {
      decision.settle(answer, keep);
      start.settle(answer, keep);
    };
    return handleFirst({ ...decision, settle }, signal, handle);
  }
  // It is another node's to keep, and may be another one the next time.
  decision.settle(start.answer, false);
  return dataOf(start.answer);
}

async function handleFirst(
  { settle, abandon }: Pick<NewRequest, 'settle' | 'abandon'>,
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

function dataOf(answer: StoredAnswer): unknown {
  if (answer.ok) return answer.data;
  throw answer.error;
}

/** Whose limits hold. */
function ownerOf({ connection }: MessageContext): string {
  return connection.userId ?? connection.id;
}

/** The same id of another device, or for another place, is another request. */
function scopedId({ connection, idempotencyId }: MessageContext): string {
  const { deviceId, path, params } = connection;
  return JSON.stringify([deviceId, path, params, idempotencyId]);
}

/** Names a request with an id among all of them; undefined for one without. */
export function idempotencyKeyOf(context: MessageContext): string | undefined {
  return context.idempotencyId === undefined ? undefined : JSON.stringify([ownerOf(context), scopedId(context)]);
}

function streamIsNotRepeated(): WscError {
  return new WscError('WSC_CONFLICT', {
    message: 'This request was answered by a stream, which is not kept.',
    details: 'unknown',
  });
}
