import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { MessageNote, MessageRecord, MessageRecords } from '../ports/message-records.js';
import type { OutboundMessage } from '../messages/message.js';

/** What a {@link RecordKeeper} needs. */
export interface RecordKeeperDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Absent: nothing is recorded. */
  readonly records?: MessageRecords | undefined;
}

/** A note as whoever makes it knows it. */
export type NewNote = Omit<MessageNote, 'at'>;

/** Notes that wait or are being written: a store that is slow costs so much memory, and then notes are left out. */
const maxOpenNotes = 10_000;

/**
 * Notes what becomes of messages, behind what sends them: nobody waits for it, and the notes of one turn for one user are written in one go.
 */
export class RecordKeeper {
  readonly #deps: RecordKeeperDependencies;
  #waiting = new Map<string, MessageNote[]>();
  readonly #writing = new Set<Promise<void>>();
  #openCount = 0;

  constructor(dependencies: RecordKeeperDependencies) {
    this.#deps = dependencies;
  }

  /** Never throws. */
  note(userId: string, note: NewNote): void {
    const { records, clock } = this.#deps;
    if (records === undefined || this.#openCount >= maxOpenNotes) return;
    this.#openCount += 1;
    if (this.#waiting.size === 0) clock.nextTurn(() => this.#flush());
    const notes = this.#waiting.get(userId);
    const dated = { ...note, at: clock.now() };
    if (notes === undefined) this.#waiting.set(userId, [dated]);
    else notes.push(dated);
  }

  /** What is known, with what this node has noted last. */
  async get(userId: string, messageId: string): Promise<MessageRecord | undefined> {
    await this.#written();
    return this.#deps.records?.get(userId, messageId);
  }

  async failedMessage(userId: string, messageId: string): Promise<OutboundMessage | undefined> {
    return this.#deps.records?.failedMessage(userId, messageId);
  }

  /** Writes what is left. */
  async close(): Promise<void> {
    await this.#written();
  }

  async #written(): Promise<void> {
    this.#flush();
    await Promise.all(this.#writing);
  }

  #flush(): void {
    const waiting = this.#waiting;
    this.#waiting = new Map();
    for (const [userId, notes] of waiting) {
      const writing = this.#write(userId, notes);
      this.#writing.add(writing);
      void writing.then(() => this.#writing.delete(writing));
    }
  }

  /** Never rejects. */
  async #write(userId: string, notes: readonly MessageNote[]): Promise<void> {
    try {
      await this.#deps.records?.note(userId, notes);
    } catch (cause) {
      this.#deps.logger.debug('What became of messages could not be noted.', { cause });
    } finally {
      this.#openCount -= notes.length;
    }
  }
}
