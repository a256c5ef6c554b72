import { WscError } from '@nest-wsc/protocol';
import type { ByteCount } from '../../core/limits/byte-count.js';
import { jsonBytes } from '../../core/limits/json-bytes.js';
import type { Broker } from '../../core/ports/broker.js';
import type { Clock } from '../../core/ports/clock.js';
import type {
  StreamPosition,
  StreamRead,
  StreamReadLimit,
  Streams,
  StreamWrite,
  StreamWriteResult,
} from '../../core/ports/streams.js';
import { requireVersion } from '../shared/stream-rules.js';
import { createEpoch } from '../shared/create-epoch.js';
import { announce } from './announce.js';
import { EmptyRooms } from './empty-rooms.js';
import { RoomStream } from './room-stream.js';

/** What {@link MemoryStreams} need. */
export interface MemoryStreamsOptions {
  readonly clock: Clock;
  /** Tells of what was stored, in the caller's turn. */
  readonly broker: Broker;
  /** Rooms with messages. Over it the stream that was not used for longest is forgotten. @default 10_000 */
  readonly maxStreams?: number;
  /** Rooms whose position is known, and that have no messages. @default 100_000 */
  readonly maxEmptyRooms?: number;
  /**
   * Of all streams together. Over it streams that take more than an eighth lose their oldest messages; where none does, those that were
   * not used for longest are forgotten. @default 67_108_864
   */
  readonly maxBytes?: number;
}

/** What a message takes beside its data: id, event, names and book-keeping. */
const messageOverheadBytes = 512;
/** A stream that takes more than one of so many parts of all the bytes is the first to lose messages. */
const shares = 8;

/**
 * Streams that live and die with the process. What is forgotten to make room begins again with another epoch, so that whoever followed it
 * is told that the past is lost.
 */
export class MemoryStreams implements Streams {
  readonly #clock: Clock;
  readonly #broker: Broker;
  readonly #maxStreams: number;
  readonly #maxBytes: number;
  /** The one that was not used for longest first. */
  readonly #streams = new Map<string, RoomStream>();
  readonly #empty: EmptyRooms;
  readonly #total: ByteCount = { bytes: 0 };
  /** Those that took more than their share when they were written last: a few at most. */
  readonly #large = new Set<RoomStream>();
  /** The rooms in the order in which they are looked at for what has expired, next one first. */
  readonly #turns = new Set<string>();

  constructor(options: MemoryStreamsOptions) {
    const { clock, broker, maxStreams = 10_000, maxEmptyRooms = 100_000, maxBytes = 67_108_864 } = options;
    this.#clock = clock;
    this.#broker = broker;
    this.#maxStreams = maxStreams;
    this.#empty = new EmptyRooms(maxEmptyRooms);
    this.#maxBytes = maxBytes;
  }

  /** @throws {WscError} WSC_LIMIT_EXCEEDED for a message that alone is more than all may take, WSC_INTERNAL for data that JSON can't write. */
  append(room: string, write: StreamWrite): StreamWriteResult {
    requireVersion(write);
    const { message, exceptConnectionId } = write;
    const bytes = messageOverheadBytes + jsonBytes(message.data);
    if (bytes === Infinity)
      throw new WscError('WSC_INTERNAL', { message: `The data of "${message.event}" can't be written.` });
    if (bytes > this.#maxBytes) throw new WscError('WSC_LIMIT_EXCEEDED');
    const now = this.#clock.monotonic();
    const stream = this.#find(room, now) ?? this.#make(room, now);
    const answer = stream.answerTo(write, now);
    if (answer !== undefined) return answer;
    const result = stream.add(write, bytes, now);
    if (stream.bytes > this.#shareBytes) this.#large.add(stream);
    this.#fit();
    const { position } = result;
    const except = exceptConnectionId !== undefined && { exceptConnectionId };
    announce(this.#broker, { destination: { kind: 'room', room }, message, position, ...except });
    return result;
  }

  read(room: string, since: StreamPosition, limit: StreamReadLimit): StreamRead {
    const stream = this.#find(room, this.#clock.monotonic());
    if (stream !== undefined) return stream.read(since, limit);
    const top = this.#startOf(room);
    const isTop = since.epoch === top.epoch && since.offset === 0;
    return isTop ? { status: 'ok', entries: [], top } : { status: 'epoch', top };
  }

  readFromStart(room: string, limit: StreamReadLimit): Extract<StreamRead, { readonly status: 'ok' }> {
    const stream = this.#find(room, this.#clock.monotonic());
    return stream?.readFromStart(limit) ?? { status: 'ok', entries: [], top: this.#startOf(room) };
  }

  tops(rooms: readonly string[]): readonly StreamPosition[] {
    const now = this.#clock.monotonic();
    return rooms.map((room) => this.#find(room, now)?.top ?? this.#startOf(room));
  }

  delete(room: string): void {
    this.#empty.take(room);
    const stream = this.#streams.get(room);
    if (stream !== undefined) this.#forget(room, stream);
  }

  close(): void {
    this.#streams.clear();
    this.#empty.clear();
    this.#large.clear();
    this.#turns.clear();
    this.#total.bytes = 0;
  }

  get #shareBytes(): number {
    return this.#maxBytes / shares;
  }

  /** Undefined where nothing was written to the room. */
  #find(room: string, now: number): RoomStream | undefined {
    this.#lookAtNext(now);
    const stream = this.#streams.get(room);
    if (stream === undefined) return undefined;
    this.#streams.delete(room);
    this.#streams.set(room, stream);
    stream.use(now);
    return stream;
  }

  /** Goes on in the epoch that was told of the room. */
  #make(room: string, now: number): RoomStream {
    if (this.#streams.size >= this.#maxStreams) this.#forgetUnused();
    const stream = new RoomStream(this.#total, this.#empty.take(room) ?? createEpoch());
    this.#streams.set(room, stream);
    this.#turns.add(room);
    stream.use(now);
    return stream;
  }

  #startOf(room: string): StreamPosition {
    return { offset: 0, epoch: this.#empty.epochOf(room) };
  }

  /** The stream that is used now is the last one: it keeps its newest message. */
  #fit(): void {
    while (this.#total.bytes > this.#maxBytes) {
      if (this.#shedLarge()) continue;
      if (this.#streams.size > 1) this.#forgetUnused();
      else if (![...this.#streams.values()].some((last) => last.shed())) return;
    }
  }

  /** Who floods a room loses what was said there, before others lose anything. Answers whether there was something. */
  #shedLarge(): boolean {
    for (const stream of this.#large) {
      if (stream.bytes > this.#shareBytes && stream.shed()) return true;
      this.#large.delete(stream);
    }
    return false;
  }

  #forgetUnused(): void {
    const [unused] = this.#streams;
    if (unused !== undefined) this.#forget(...unused);
  }

  #forget(room: string, stream: RoomStream): void {
    this.#streams.delete(room);
    this.#turns.delete(room);
    this.#large.delete(stream);
    stream.release();
  }

  /** One stream at each call: no call pays for all of them, and each gets its turn. */
  #lookAtNext(now: number): void {
    const [room] = this.#turns;
    const stream = room === undefined ? undefined : this.#streams.get(room);
    if (room === undefined || stream === undefined) return;
    this.#turns.delete(room);
    this.#turns.add(room);
    stream.expire(now);
    if (stream.isOver(now)) this.#forget(room, stream);
  }
}
