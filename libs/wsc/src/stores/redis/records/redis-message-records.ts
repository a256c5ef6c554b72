import { WscError } from '@nest-wsc/protocol';
import { redisError } from '@nest-wsc/redis';
import type { OutboundMessage } from '../../../core/messages/message.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { MessageNote, MessageRecord, MessageRecords, MessageStatus } from '../../../core/ports/message-records.js';
import { maxFailedBytes, recordAt, recordMs, type KeptRecord } from '../../shared/message-record-rules.js';
import { keptMessageText, parseKeptMessage } from '../kept-message.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript } from '../scripts/script.js';
import { noteScript } from './scripts/note.lua.js';

/** What {@link RedisMessageRecords} work with. */
export interface RedisMessageRecordsDependencies {
  readonly connections: RedisConnections;
  readonly clock: Clock;
}

/** Notes of one command: what comes behind it does not wait long. */
const maxAtOnce = 100;

const statuses: readonly MessageStatus[] = ['queued', 'sent', 'acked', 'expired', 'failed'];
const fields = ['status', 'queuedAt', 'changedAt', 'expiresAt', 'reason', 'deviceId', 'attempts'] as const;

/** Records that any node notes and reads: a hash each, in the partition of its user, which ends by itself. */
export class RedisMessageRecords implements MessageRecords {
  readonly #connections: RedisConnections;
  readonly #clock: Clock;

  constructor({ connections, clock }: RedisMessageRecordsDependencies) {
    this.#connections = connections;
    this.#clock = clock;
  }

  async note(userId: string, notes: readonly MessageNote[]): Promise<void> {
    for (let start = 0; start < notes.length; start += maxAtOnce) {
      await this.#noteSome(userId, notes.slice(start, start + maxAtOnce));
    }
  }

  async get(userId: string, messageId: string): Promise<MessageRecord | undefined> {
    const kept = parseRecord(await this.#ask(userId, messageId, fields));
    return kept && recordAt(this.#clock.now(), { id: messageId, userId }, kept);
  }

  async failedMessage(userId: string, messageId: string): Promise<OutboundMessage | undefined> {
    const [text] = await this.#ask(userId, messageId, ['message']);
    return typeof text === 'string' ? parseKeptMessage(text)?.message : undefined;
  }

  /** The connections stay open: they are not its own. */
  close(): void {
    return;
  }

  async #noteSome(userId: string, notes: readonly MessageNote[]): Promise<void> {
    const { commands, names } = this.#connections;
    const call = { keys: notes.map(({ id }) => names.messageRecordKey(userId, id)), args: notes.flatMap(argsOf) };
    try {
      await runScript(commands, noteScript, call);
    } catch (error) {
      throw redisError(error);
    }
  }

  async #ask(userId: string, messageId: string, names: readonly string[]): Promise<readonly (string | null)[]> {
    const { commands, names: keys } = this.#connections;
    try {
      return await commands.hmget(keys.messageRecordKey(userId, messageId), ...names);
    } catch (error) {
      throw redisError(error);
    }
  }
}

function argsOf(note: MessageNote): readonly (string | number)[] {
  const { status, at, queuedAt = at, expiresAt, reason = '', deviceId = '', attempts = '', message } = note;
  const lifetimeMs = (expiresAt ?? at) - at + recordMs;
  return [
    status,
    at,
    queuedAt,
    expiresAt ?? '',
    reason,
    deviceId,
    attempts,
    failedText(message),
    Math.ceil(lifetimeMs),
  ];
}

/** One that can't be written could not be sent again either. */
function failedText(message: OutboundMessage | undefined): string {
  if (message === undefined) return '';
  try {
    const text = keptMessageText({ message });
    return Buffer.byteLength(text) > maxFailedBytes ? '' : text;
  } catch (error) {
    if (error instanceof WscError) return '';
    throw error;
  }
}

/** Undefined for none, and for what this library does not write. */
function parseRecord(values: readonly (string | null)[]): KeptRecord | undefined {
  const [status, queuedAt, changedAt, expiresAt, reason, deviceId, attempts] = values.map(
    (value) => value ?? undefined,
  );
  if (!isStatus(status)) return undefined;
  return {
    status,
    reason,
    deviceId,
    attempts: numberIn(attempts),
    queuedAt: Number(queuedAt),
    changedAt: Number(changedAt),
    expiresAt: numberIn(expiresAt),
  };
}

function isStatus(value: unknown): value is MessageStatus {
  return statuses.some((status) => status === value);
}

function numberIn(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
