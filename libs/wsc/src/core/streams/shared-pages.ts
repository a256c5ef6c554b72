import type { MessageEncoder } from '../messages/message-encoder.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { StreamEntry, StreamPosition, StreamRead, StreamReadLimit, Streams } from '../ports/streams.js';
import type { EntryDelivery } from './entry-delivery.js';
import type { RoomFeeds } from './room-feeds.js';

/** What {@link SharedPages} work with. */
export interface SharedPagesDependencies {
  readonly clock: Clock;
  readonly streams: Pick<Streams, 'read'>;
  readonly feeds: Pick<RoomFeeds, 'positionOf'>;
  readonly entries: Pick<EntryDelivery, 'encoderFor'>;
}

/** Well below an outbox' budget. */
const limit: StreamReadLimit = Object.freeze({ maxMessages: 100, maxBytes: 128 * 1024 });
const keptMs = 1_000;
const maxPages = 64;

/** What was read, and each of its entries encoded at most once. */
export class Page {
  readonly read: StreamRead;
  readonly #createEncoder: (entry: StreamEntry) => MessageEncoder;
  readonly #encoders = new Map<StreamEntry, MessageEncoder>();

  constructor(read: StreamRead, createEncoder: (entry: StreamEntry) => MessageEncoder) {
    this.read = read;
    this.#createEncoder = createEncoder;
  }

  encoderOf(entry: StreamEntry): MessageEncoder {
    let encoder = this.#encoders.get(entry);
    if (encoder === undefined) {
      encoder = this.#createEncoder(entry);
      this.#encoders.set(entry, encoder);
    }
    return encoder;
  }
}

/**
 * Pages of rooms' streams, each read and encoded once for all connections that need it within a second: when a node has died, a room's
 * members come back together and have missed the same. Nobody gets a page from before the room's feed was where it is now.
 */
export class SharedPages {
  readonly #deps: SharedPagesDependencies;
  readonly #pages = new Map<string, Promise<Page>>();
  readonly #timers = new Set<Timer>();

  constructor(dependencies: SharedPagesDependencies) {
    this.#deps = dependencies;
  }

  /** What follows `since`. Rejects as the store does. */
  read(room: string, since: StreamPosition): Promise<Page> {
    const key = JSON.stringify([room, since, this.#deps.feeds.positionOf(room)]);
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const page = this.#read(room, since);
    if (this.#pages.size < maxPages) this.#keep(key, page);
    return page;
  }

  close(): void {
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
    this.#pages.clear();
  }

  async #read(room: string, since: StreamPosition): Promise<Page> {
    const { streams, entries } = this.#deps;
    const read = await streams.read(room, since, limit);
    return new Page(read, (entry) => entries.encoderFor(entry, since.epoch));
  }

  #keep(key: string, page: Promise<Page>): void {
    this.#pages.set(key, page);
    const forget = (): void => {
      timer.cancel();
      this.#timers.delete(timer);
      if (this.#pages.get(key) === page) this.#pages.delete(key);
    };
    const timer = this.#deps.clock.after(keptMs, forget);
    this.#timers.add(timer);
    // What could not be read, or ended otherwise than with messages, is asked for anew.
    page.then(({ read }) => {
      if (read.status !== 'ok' || read.entries.length === 0) forget();
    }, forget);
  }
}
