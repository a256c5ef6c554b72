import { WscError } from '@nest-wsc/protocol';
import type { MaybePromise } from '../async/maybe-promise.js';
import { parseInteger } from '../limits/parse-integer.js';
import type { Clock } from '../ports/clock.js';
import { PublishError } from '../ports/broker.js';
import type { AckTable } from './ack-table.js';
import type { KnownAcknowledger } from './acknowledgement.js';
import type { SendResult } from './message.js';

interface AckAttempts {
  readonly id: string;
  /** How often it was sent. */
  readonly attempts: number;
  readonly elapsedMs: number;
}

/**
 * What is true after an acked send. `acked`: a device of the user has it; which one is not known any more where the same message was sent
 * before, and that was long ago. `failed`: it was handed to no connection.
 * `unknown`: it was handed over, but nobody acknowledged it in time; it may have arrived. `stored`: nobody acknowledged it in time, and
 * the user's inbox keeps it, until a device does (`durable`).
 */
export type AckOutcome =
  | (AckAttempts & { readonly status: 'acked'; readonly deviceId?: string })
  | (AckAttempts & { readonly status: 'stored'; readonly offset: number; readonly epoch: string })
  | (AckAttempts & { readonly status: 'unknown' | 'failed'; readonly reason: string });

/** How long, and how often, an acked send tries. */
export interface AckSendOptions {
  /** How long each attempt waits for the acknowledgement; 1..600_000. @default 5000 */
  readonly timeoutMs?: number;
  /** Further attempts after the first, with the same id; 0..10. @default 0 */
  readonly retries?: number;
}

/** What {@link sendWithAck} needs. */
export interface AckedSendDependencies {
  readonly clock: Clock;
  readonly acks: AckTable;
  /** Sends the message once more: same id, acknowledgement asked for. */
  readonly attempt: () => MaybePromise<SendResult>;
}

/** What became of the attempts so far. */
interface Progress {
  wasHandedOver: boolean;
  /** Attempts that have not said what they did, and may still reach somebody. */
  open: number;
  /** Other nodes that have not said what they did. They may say so before it is known that they were asked. */
  silentNodes: number;
  reason: string;
}

/**
 * Sends until somebody acknowledges or the attempts are used up. With nobody to send to it still tries again: the device may come back.
 * @throws {WscError} WSC_VALIDATION_FAILED for options out of range; what `attempt` throws, unless that is temporary.
 */
export async function sendWithAck(
  dependencies: AckedSendDependencies,
  message: { readonly id: string; readonly userId: string },
  options: AckSendOptions = {},
): Promise<AckOutcome> {
  const { timeoutMs, maxAttempts } = readOptions(options);
  const startedAt = dependencies.clock.monotonic();
  const progress: Progress = { wasHandedOver: false, open: 0, silentNodes: 0, reason: '' };
  for (let attempts = 1; ; attempts += 1) {
    const isLast = attempts === maxAttempts;
    const by = await attemptOnce(dependencies, { ...message, timeoutMs, isLast }, progress);
    const base = { id: message.id, attempts, elapsedMs: Math.round(dependencies.clock.monotonic() - startedAt) };
    if (by) return { ...base, status: 'acked', deviceId: by.deviceId };
    if (isLast) return { ...base, status: mayArrive(progress) ? 'unknown' : 'failed', reason: progress.reason };
  }
}

/** What {@link awaitKept} needs. */
export interface KeptSendDependencies extends Pick<AckedSendDependencies, 'clock' | 'acks'> {
  /** Stores the message. */
  readonly keep: () => MaybePromise<SendResult>;
  /** Who has it by now, as far as is known. Must not reject. */
  readonly acknowledgedBy: () => Promise<KnownAcknowledger | undefined>;
}

/**
 * Stores it and waits for somebody to acknowledge, as long as {@link sendWithAck} would in all; it is the inbox that gives it again.
 * @throws {WscError} WSC_VALIDATION_FAILED for options out of range; what `keep` throws: then it is not stored, or that is unknown.
 */
export async function awaitKept(
  { clock, acks, keep, acknowledgedBy }: KeptSendDependencies,
  message: { readonly id: string; readonly userId: string },
  options: AckSendOptions,
): Promise<AckOutcome> {
  const { timeoutMs, maxAttempts } = readOptions(options);
  const startedAt = clock.monotonic();
  // Before it is stored: the acknowledgement may be there before the store's own answer is.
  const expectation = acks.expect({
    messageId: message.id,
    userId: message.userId,
    timeoutMs: timeoutMs * maxAttempts,
  });
  try {
    const { offset, epoch, isRepeat = false } = await keep();
    const base = () => ({ id: message.id, attempts: 1, elapsedMs: Math.round(clock.monotonic() - startedAt) });
    if (offset === undefined || epoch === undefined) {
      return { ...base(), status: 'failed', reason: 'An interceptor lets nobody have it.' };
    }
    // Of a repeat nobody tells this node: it may be acknowledged already, or be while another node waits for that.
    const before = isRepeat ? await acknowledgedBy() : undefined;
    const by = before ?? (await expectation.settled) ?? (await acknowledgedBy());
    if (by === undefined) return { ...base(), status: 'stored', offset, epoch };
    return { ...base(), status: 'acked', ...(by.deviceId !== undefined && { deviceId: by.deviceId }) };
  } finally {
    expectation.cancel();
  }
}

async function attemptOnce(
  { acks, attempt }: AckedSendDependencies,
  message: { readonly id: string; readonly userId: string; readonly timeoutMs: number; readonly isLast: boolean },
  progress: Progress,
): Promise<{ readonly deviceId: string } | undefined> {
  // Before the attempt: an acknowledgement may be there before the attempt's own answer is.
  const expectation = acks.expect({
    messageId: message.id,
    userId: message.userId,
    timeoutMs: message.timeoutMs,
    onHandedOver: (handed) => {
      progress.silentNodes -= 1;
      tally(progress, handed);
      if (message.isLast && !mayArrive(progress)) expectation.cancel();
    },
  });
  try {
    await Promise.race([record(attempt, progress), expectation.settled]);
  } catch (error) {
    expectation.cancel();
    throw error;
  }
  // Nothing is on its way to anybody, and there is no later attempt to wait for.
  if (message.isLast && !mayArrive(progress)) expectation.cancel();
  return expectation.settled;
}

async function record(attempt: () => MaybePromise<SendResult>, progress: Progress): Promise<void> {
  progress.open += 1;
  progress.reason = 'Sending it took too long.';
  try {
    const result = await attempt();
    progress.silentNodes += result.otherNodes ?? 0;
    tally(progress, result);
  } catch (error) {
    if (!(error instanceof WscError) || !error.temporary) throw error;
    // A time-out is no refusal: it may have gone out. And this node's own connections may have it already.
    if (error.error === 'WSC_TIMEOUT' || (error instanceof PublishError && error.local.queued > 0)) {
      progress.wasHandedOver = true;
    }
    progress.reason = error.message;
  } finally {
    progress.open -= 1;
  }
}

function tally(progress: Progress, { queued, dropped }: { readonly queued: number; readonly dropped: number }): void {
  if (queued > 0) progress.wasHandedOver = true;
  if (progress.wasHandedOver) progress.reason = 'Nobody acknowledged it in time.';
  else if (progress.silentNodes > 0) progress.reason = 'Another node did not say whether the user is there.';
  else progress.reason = dropped > 0 ? 'No connection of the user could take it.' : 'The user is not connected.';
}

function mayArrive({ wasHandedOver, open, silentNodes }: Progress): boolean {
  return wasHandedOver || open > 0 || silentNodes > 0;
}

function readOptions({ timeoutMs = 5000, retries = 0 }: AckSendOptions) {
  return {
    timeoutMs: parseInteger('timeoutMs', timeoutMs, { min: 1, max: 600_000 }),
    maxAttempts: 1 + parseInteger('retries', retries, { min: 0, max: 10 }),
  };
}
