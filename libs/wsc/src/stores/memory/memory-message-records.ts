import { jsonBytes } from '../../core/limits/json-bytes.js';
import type { OutboundMessage } from '../../core/messages/message.js';
import type { Clock } from '../../core/ports/clock.js';
import type { MessageNote, MessageRecord, MessageRecords } from '../../core/ports/message-records.js';
import { maxFailedBytes, recordAt, recordMs, type KeptRecord } from '../shared/message-record-rules.js';

/** What {@link MemoryMessageRecords} need. */
export interface MemoryMessageRecordsOptions {
  readonly clock: Clock;
  /** One more forgets the oldest. @default 100_000 */
  readonly maxRecords?: number;
  /** Of failed messages together; over it the oldest can't be sent again. @default 16_777_216 */
  readonly maxBytes?: number;
}

interface Kept extends KeptRecord {
  readonly keptUntil: number;
}

interface Failed {
  readonly message: OutboundMessage;
  readonly bytes: number;
}

/** Says how much a status tells: the more counts, whichever was noted first. */
const ranks = { queued: 1, failed: 1, sent: 2, acked: 3, expired: 3 } as const;

/** Records that live and die with the process. */
export class MemoryMessageRecords implements MessageRecords {
  readonly #clock: Clock;
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  /** Oldest first. */
  readonly #records = new Map<string, Kept>();
  readonly #failed = new Map<string, Failed>();
  #failedBytes = 0;

  constructor({ clock, maxRecords = 100_000, maxBytes = 16_777_216 }: MemoryMessageRecordsOptions) {
    this.#clock = clock;
    this.#maxRecords = maxRecords;
    this.#maxBytes = maxBytes;
  }

  note(userId: string, notes: readonly MessageNote[]): void {
    for (const note of notes) this.#noteOne(keyOf(userId, note.id), note);
  }

  get(userId: string, messageId: string): MessageRecord | undefined {
    const kept = this.#living(keyOf(userId, messageId));
    return kept && recordAt(this.#clock.now(), { id: messageId, userId }, kept);
  }

  failedMessage(userId: string, messageId: string): OutboundMessage | undefined {
    const key = keyOf(userId, messageId);
    return this.#living(key) && this.#failed.get(key)?.message;
  }

  close(): void {
    for (const key of [...this.#records.keys()]) this.#forget(key);
  }

  #noteOne(key: string, note: MessageNote): void {
    const known = this.#living(key);
    if (known === undefined && ranks[note.status] === ranks.acked) return;
    const expiresAt = note.expiresAt ?? known?.expiresAt;
    const keptUntil = Math.max(known?.keptUntil ?? 0, (note.expiresAt ?? note.at) + recordMs);
    const queuedAt = known?.queuedAt ?? note.queuedAt ?? note.at;
    if (known !== undefined && !isNews(note, known)) {
      this.#records.set(key, { ...known, expiresAt, keptUntil });
      return;
    }
    const { status, reason, deviceId, attempts, at } = note;
    this.#records.set(key, { status, reason, deviceId, attempts, queuedAt, changedAt: at, expiresAt, keptUntil });
    this.#keepFailed(key, note);
    this.#fit();
  }

  #keepFailed(key: string, { message }: MessageNote): void {
    this.#forgetFailed(key);
    const bytes = message === undefined ? 0 : jsonBytes(message);
    if (message === undefined || bytes > maxFailedBytes) return;
    this.#failed.set(key, { message, bytes });
    this.#failedBytes += bytes;
    for (const oldest of this.#failed.keys()) {
      if (this.#failedBytes <= this.#maxBytes) return;
      this.#forgetFailed(oldest);
    }
  }

  #living(key: string): Kept | undefined {
    const kept = this.#records.get(key);
    if (kept === undefined || kept.keptUntil > this.#clock.now()) return kept;
    this.#forget(key);
    return undefined;
  }

  /** Looks at two more at each new record, so that no call pays for all that are over. */
  #fit(): void {
    let looks = 2;
    for (const [key, { keptUntil }] of this.#records) {
      if (this.#records.size <= this.#maxRecords && (looks === 0 || keptUntil > this.#clock.now())) return;
      looks -= 1;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#records.delete(key);
    this.#forgetFailed(key);
  }

  #forgetFailed(key: string): void {
    this.#failedBytes -= this.#failed.get(key)?.bytes ?? 0;
    this.#failed.delete(key);
  }
}

function isNews({ status }: MessageNote, known: Kept): boolean {
  const rank = ranks[status];
  return rank > ranks[known.status] || (rank === 1 && ranks[known.status] === 1);
}

/** A user id has no spaces. */
function keyOf(userId: string, messageId: string): string {
  return `${userId} ${messageId}`;
}
