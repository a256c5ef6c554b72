import type { ByteCount } from '../../core/limits/byte-count.js';
import type { StreamEntry, StreamPosition, StreamRead, StreamReadLimit } from '../../core/ports/streams.js';
import type { StreamWrite, StreamWriteResult } from '../../core/ports/streams.js';
import { keptVersions, positionLifetimeMs } from '../shared/stream-rules.js';

/** What an answer or a version takes beside its key. */
const noteBytes = 256;

interface KeptEntry {
  readonly entry: StreamEntry;
  readonly bytes: number;
  readonly expiresAt: number;
}

interface KeptAnswer {
  readonly result: StreamWriteResult;
  readonly bytes: number;
  readonly expiresAt: number;
}

/** The stream of one room, in one epoch. All times are monotonic milliseconds. */
export class RoomStream {
  readonly #epoch: string;
  readonly #total: ByteCount;
  #bytes = 0;
  #top = 0;
  #usedAt = 0;
  /** By offset, oldest first, without holes. */
  readonly #kept = new Map<number, KeptEntry>();
  readonly #answers = new Map<string, KeptAnswer>();
  /** The highest version of each key; the key that was not written for longest first. */
  readonly #versions = new Map<string, number>();

  /** @param total what all streams take together; this one adds and subtracts its part. */
  constructor(total: ByteCount, epoch: string) {
    this.#total = total;
    this.#epoch = epoch;
  }

  /** What it takes. */
  get bytes(): number {
    return this.#bytes;
  }

  get top(): StreamPosition {
    return { offset: this.#top, epoch: this.#epoch };
  }

  /** Brings it up to date for who uses it now. */
  use(now: number): void {
    this.#usedAt = now;
    this.expire(now);
  }

  /** What a write gets that is not to be stored: the answer to the first one with its key, or that there is a newer version. */
  answerTo({ message, once, version }: StreamWrite, now: number): StreamWriteResult | undefined {
    const answer = once && this.#answers.get(once.key);
    if (answer !== undefined && answer.expiresAt > now) {
      const { result } = answer;
      return result.status === 'stored' ? { ...result, status: 'repeated' } : result;
    }
    if (version === undefined || version.value > (this.#versions.get(version.key) ?? -Infinity)) return undefined;
    return this.#remember(once, { status: 'stale', id: message.id, position: this.top }, now);
  }

  add(write: StreamWrite, bytes: number, now: number): StreamWriteResult {
    const { message, exceptConnectionId, limits, once, version } = write;
    const offset = (this.#top += 1);
    const entry = { offset, message, ...(exceptConnectionId !== undefined && { exceptConnectionId }) };
    this.#kept.set(offset, { entry, bytes, expiresAt: now + limits.timeToLiveMs });
    this.#take(bytes);
    while (this.#kept.size > limits.maxMessages) this.#trimOldest();
    if (version !== undefined) this.#noteVersion(version);
    return this.#remember(once, { status: 'stored', id: message.id, position: this.top }, now);
  }

  read(since: StreamPosition, limit: StreamReadLimit): StreamRead {
    const { top } = this;
    if (since.epoch !== top.epoch || since.offset > top.offset) return { status: 'epoch', top };
    if (since.offset < top.offset && !this.#kept.has(since.offset + 1)) return { status: 'trimmed', top };
    return { status: 'ok', entries: this.#entriesFrom(since.offset + 1, limit), top };
  }

  readFromStart(limit: StreamReadLimit): Extract<StreamRead, { readonly status: 'ok' }> {
    const [oldest = this.#top + 1] = this.#kept.keys();
    return { status: 'ok', entries: this.#entriesFrom(oldest, limit), top: this.top };
  }

  /** Removes what has had its time. */
  expire(now: number): void {
    for (const { expiresAt } of this.#kept.values()) {
      if (expiresAt > now) break;
      this.#trimOldest();
    }
    for (const [key, answer] of this.#answers) {
      if (answer.expiresAt > now) break;
      this.#forgetAnswer(key, answer);
    }
  }

  /** Whether it is over by itself: nothing is kept, and nobody has asked for its position for long. */
  isOver(now: number): boolean {
    return this.#kept.size === 0 && this.#answers.size === 0 && this.#usedAt + positionLifetimeMs <= now;
  }

  /** Gives up the oldest that it can do without, its newest message never. Answers whether there was something. */
  shed(): boolean {
    const [version] = this.#versions.keys();
    const [answer] = this.#answers;
    if (this.#kept.size > 1) this.#trimOldest();
    else if (answer !== undefined) this.#forgetAnswer(...answer);
    else if (version !== undefined) this.#forgetVersion(version);
    else return false;
    return true;
  }

  /** Gives back all that it takes. It is not used any more. */
  release(): void {
    this.#take(-this.#bytes);
  }

  #entriesFrom(first: number, { maxMessages, maxBytes }: StreamReadLimit): readonly StreamEntry[] {
    const entries: StreamEntry[] = [];
    let left = maxBytes;
    for (let offset = first; entries.length < maxMessages; offset += 1) {
      const kept = this.#kept.get(offset);
      if (kept === undefined) break;
      left -= kept.bytes;
      if (left < 0 && entries.length > 0) break;
      entries.push(kept.entry);
    }
    return entries;
  }

  #remember(once: StreamWrite['once'], result: StreamWriteResult, now: number): StreamWriteResult {
    if (once === undefined) return result;
    const bytes = noteBytes + 2 * once.key.length;
    this.#answers.delete(once.key);
    this.#answers.set(once.key, { result, bytes, expiresAt: now + once.windowMs });
    this.#take(bytes);
    return result;
  }

  #noteVersion({ key, value }: NonNullable<StreamWrite['version']>): void {
    if (!this.#versions.delete(key)) this.#take(noteBytes + 2 * key.length);
    this.#versions.set(key, value);
    const [unused] = this.#versions.keys();
    if (this.#versions.size > keptVersions && unused !== undefined) this.#forgetVersion(unused);
  }

  #trimOldest(): void {
    const [oldest] = this.#kept;
    if (oldest === undefined) return;
    this.#kept.delete(oldest[0]);
    this.#take(-oldest[1].bytes);
  }

  #forgetAnswer(key: string, { bytes }: KeptAnswer): void {
    this.#answers.delete(key);
    this.#take(-bytes);
  }

  #forgetVersion(key: string): void {
    this.#versions.delete(key);
    this.#take(-noteBytes - 2 * key.length);
  }

  #take(bytes: number): void {
    this.#bytes += bytes;
    this.#total.bytes += bytes;
  }
}
