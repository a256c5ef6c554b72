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
import { announce } from './announce.js';
import { RoomStream } from './room-stream.js';

/** What {@link MemoryStreams} need. */
export interface MemoryStreamsOptions {
  readonly clock: Clock;
  /** Tells of what was stored, in the caller's turn. */
  readonly broker: Broker;
  /** Over it the stream that was not used for longest is forgotten. @default 10_000 */
  readonly maxStreams?: number;
  /**
   * Of all streams together. Over it those that were not used for longest are forgotten, and of one that alone takes more, its oldest
   * messages. @default 67_108_864
   */
  readonly maxBytes?: number;
}

/** What a message takes beside its data: id, event, names and book-keeping. */
const messageOverheadBytes = 512;

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
  readonly #total: ByteCount = { bytes: 0 };
  /** The rooms in the order in which they are looked at for what has expired, next one first. */
  readonly #turns = new Set<string>();

  constructor({ clock, broker, maxStreams = 10_000, maxBytes = 67_108_864 }: MemoryStreamsOptions) {
    this.#clock = clock;
    this.#broker = broker;
    this.#maxStreams = maxStreams;
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
    const stream = this.#use(room, now);
    const answer = stream.answerTo(write, now);
    if (answer !== undefined) return answer;
    const result = stream.add(write, bytes, now);
    this.#fit();
    const { position } = result;
    const except = exceptConnectionId !== undefined && { exceptConnectionId };
    announce(this.#broker, { destination: { kind: 'room', room }, message, position, ...except });
    return result;
  }

  read(room: string, since: StreamPosition, limit: StreamReadLimit): StreamRead {
    return this.#use(room, this.#clock.monotonic()).read(since, limit);
  }

  readFromStart(room: string, limit: StreamReadLimit): Extract<StreamRead, { readonly status: 'ok' }> {
    return this.#use(room, this.#clock.monotonic()).readFromStart(limit);
  }

  tops(rooms: readonly string[]): readonly StreamPosition[] {
    const now = this.#clock.monotonic();
    return rooms.map((room) => this.#use(room, now).top);
  }

  delete(room: string): void {
    const stream = this.#streams.get(room);
    if (stream !== undefined) this.#forget(room, stream);
  }

  close(): void {
    this.#streams.clear();
    this.#turns.clear();
    this.#total.bytes = 0;
  }

  #use(room: string, now: number): RoomStream {
    this.#lookAtNext(now);
    const known = this.#streams.get(room);
    if (known === undefined && this.#streams.size >= this.#maxStreams) this.#forgetUnused();
    const stream = known ?? new RoomStream(this.#total);
    this.#streams.delete(room);
    this.#streams.set(room, stream);
    if (known === undefined) this.#turns.add(room);
    stream.use(now);
    return stream;
  }

  /** The stream that is used now is the last one: it keeps its newest message. */
  #fit(): void {
    while (this.#total.bytes > this.#maxBytes) {
      if (this.#streams.size > 1) this.#forgetUnused();
      else if (![...this.#streams.values()].some((last) => last.shed())) return;
    }
  }

  #forgetUnused(): void {
    const [unused] = this.#streams;
    if (unused !== undefined) this.#forget(...unused);
  }

  #forget(room: string, stream: RoomStream): void {
    this.#streams.delete(room);
    this.#turns.delete(room);
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
