import type { DeliveryCount } from '../ports/broker.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { StreamEntry, StreamPosition, StreamReadLimit, Streams } from '../ports/streams.js';

/** What a {@link RoomFeed} works with. */
export interface RoomFeedDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly streams: Streams;
  /** Hands an entry to those who hear the room as it happens. Never throws. */
  readonly deliver: (room: string, entry: StreamEntry, epoch: string) => DeliveryCount;
  /** What followed is lost to those who hear the room as it happens. */
  readonly onLost: (room: string) => void;
  /** The feed has gone on, perhaps to where somebody waits for it. */
  readonly onAdvanced: (room: string) => void;
}

const nobody: DeliveryCount = Object.freeze({ queued: 0, dropped: 0 });
const page: StreamReadLimit = Object.freeze({ maxMessages: 100, maxBytes: 1024 * 1024 });
const retryMs = 1_000;
/** Own messages whose counts are remembered until their writer asks. */
const countsKept = 64;

/**
 * Follows the stream of one room on this node (guarantee G5): hands each entry on exactly once and in order. The broker's messages are
 * only hints: what is missing between two of them is read from the store; where the store has it no more, everybody is told.
 */
export class RoomFeed {
  readonly room: string;
  readonly #deps: RoomFeedDependencies;
  /** Of the last entry that was handed on. */
  #position: StreamPosition | undefined;
  #isBehind = false;
  #repairing: Promise<void> | undefined;
  #retry: Timer | undefined;
  #isClosed = false;
  /** Monotonic. */
  #movedAt: number;
  readonly #counts = new Map<number, DeliveryCount>();

  constructor(room: string, dependencies: RoomFeedDependencies) {
    this.room = room;
    this.#deps = dependencies;
    this.#movedAt = dependencies.clock.monotonic();
  }

  /** Of the last entry that was handed on; undefined until it began. */
  get position(): StreamPosition | undefined {
    return this.#position;
  }

  /** When it last moved, or was last compared with the store. */
  get movedAt(): number {
    return this.#movedAt;
  }

  /** Begins at the top. Call it once the node hears what is written from then on. @throws {WscError} WSC_UNAVAILABLE */
  async begin(): Promise<StreamPosition> {
    const [top] = await this.#deps.streams.tops([this.room]);
    if (top === undefined) throw new Error('A stream has no top.');
    this.#position ??= top;
    // What has come meanwhile is in the store.
    if (this.#isBehind) this.#repair();
    return this.#position;
  }

  /** The broker has brought an entry. Answers what became of it, as far as that is known now. */
  arrived(entry: StreamEntry, epoch: string): DeliveryCount {
    const position = this.#position;
    if (position?.epoch === epoch && entry.offset <= position.offset) return this.#counts.get(entry.offset) ?? nobody;
    if (position === undefined || this.#repairing !== undefined) {
      this.#isBehind = true;
      return nobody;
    }
    if (position.epoch === epoch && entry.offset === position.offset + 1) return this.#handOn(entry, epoch);
    this.#isBehind = true;
    this.#repair();
    return nobody;
  }

  /** The store's top, as somebody has just read it. */
  seen(top: StreamPosition): void {
    const position = this.#position;
    if (position === undefined) return;
    this.#movedAt = this.#deps.clock.monotonic();
    if (top.epoch === position.epoch && top.offset <= position.offset) return;
    this.#isBehind = true;
    this.#repair();
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
  }

  #handOn(entry: StreamEntry, epoch: string): DeliveryCount {
    const { clock, deliver, onAdvanced } = this.#deps;
    this.#position = { offset: entry.offset, epoch };
    this.#movedAt = clock.monotonic();
    const count = deliver(this.room, entry, epoch);
    this.#counts.set(entry.offset, count);
    this.#counts.delete(entry.offset - countsKept);
    onAdvanced(this.room);
    return count;
  }

  #repair(): void {
    if (this.#repairing !== undefined || this.#isClosed) return;
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#repairing = this.#readMissing()
      .catch((cause: unknown) => {
        this.#deps.logger.debug('What is missing of a room could not be read; it will be tried again.', { cause });
        this.#isBehind = false;
        if (!this.#isClosed) this.#retry = this.#deps.clock.after(retryMs, () => this.#repair());
      })
      .finally(() => {
        this.#repairing = undefined;
        if (this.#hasFallenBehind()) this.#repair();
      });
  }

  async #readMissing(): Promise<void> {
    let hasMore = true;
    while (hasMore) {
      this.#isBehind = false;
      hasMore = (await this.#readPage()) || this.#hasFallenBehind();
    }
  }

  /** Answers whether there is more. */
  async #readPage(): Promise<boolean> {
    const since = this.#position;
    if (since === undefined) return false;
    const read = await this.#deps.streams.read(this.room, since, page);
    if (this.#hasEnded()) return false;
    if (read.status !== 'ok') {
      this.#lose(read.top);
      return false;
    }
    for (const entry of read.entries) this.#handOn(entry, since.epoch);
    return read.entries.length > 0 && this.#offset < read.top.offset;
  }

  /** What has come while it was read. */
  #hasFallenBehind(): boolean {
    return this.#isBehind && !this.#isClosed;
  }

  #hasEnded(): boolean {
    return this.#isClosed;
  }

  get #offset(): number {
    return this.#position?.offset ?? 0;
  }

  #lose(top: StreamPosition): void {
    this.#position = top;
    this.#movedAt = this.#deps.clock.monotonic();
    this.#counts.clear();
    this.#deps.onLost(this.room);
    this.#deps.onAdvanced(this.room);
  }
}
