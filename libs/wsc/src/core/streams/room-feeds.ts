import type { DeliveryCount } from '../ports/broker.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { StreamEntry, StreamPosition, Streams } from '../ports/streams.js';
import { RoomFeed, type RoomFeedDependencies } from './room-feed.js';

/** What {@link RoomFeeds} work with. */
export interface RoomFeedsDependencies extends RoomFeedDependencies {
  readonly clock: Clock;
  readonly streams: Streams;
}

interface OpenFeed {
  readonly feed: RoomFeed;
  readonly begun: Promise<StreamPosition>;
  users: number;
}

const nobody: DeliveryCount = Object.freeze({ queued: 0, dropped: 0 });
/** A feed that was quiet for so long is compared with the store, so that a lost message is missed for no longer. */
const quietMs = 10_000;
const lookMs = 2_500;
/** Compared at a time. */
const comparedAtOnce = 500;

/** The streams of the rooms that this node hosts, each followed by a {@link RoomFeed} for as long as somebody is in it. */
export class RoomFeeds {
  readonly #deps: RoomFeedsDependencies;
  readonly #feeds = new Map<string, OpenFeed>();
  #looks: Timer | undefined;
  #isLooking = false;

  constructor(dependencies: RoomFeedsDependencies) {
    this.#deps = dependencies;
  }

  /** How many rooms are followed. */
  get size(): number {
    return this.#feeds.size;
  }

  /** Counted: as many `close` calls end it. Settles once it has begun. @throws {WscError} WSC_UNAVAILABLE; then it is not open. */
  async open(room: string): Promise<StreamPosition> {
    const open = this.#feeds.get(room) ?? this.#make(room);
    open.users += 1;
    try {
      return await open.begun;
    } catch (error) {
      this.close(room);
      throw error;
    }
  }

  close(room: string): void {
    const open = this.#feeds.get(room);
    if (open === undefined) return;
    open.users -= 1;
    if (open.users > 0) return;
    this.#feeds.delete(room);
    open.feed.close();
    if (this.#feeds.size > 0) return;
    this.#looks?.cancel();
    this.#looks = undefined;
  }

  /** Undefined where nobody follows it, or it has not begun. */
  positionOf(room: string): StreamPosition | undefined {
    return this.#feeds.get(room)?.feed.position;
  }

  /** An entry has come. Answers what became of it on this node, as far as that is known. Never throws. */
  arrived(room: string, entry: StreamEntry, epoch: string): DeliveryCount {
    return this.#feeds.get(room)?.feed.arrived(entry, epoch) ?? nobody;
  }

  /** The store's top of a room, as somebody has just read it. */
  seen(room: string, top: StreamPosition): void {
    this.#feeds.get(room)?.feed.seen(top);
  }

  #make(room: string): OpenFeed {
    const feed = new RoomFeed(room, this.#deps);
    const begun = feed.begin();
    // Whoever opened it hears of a failure.
    begun.catch(() => undefined);
    const open = { feed, begun, users: 0 };
    this.#feeds.set(room, open);
    this.#looks ??= this.#deps.clock.every(lookMs, () => void this.#compareQuiet());
    return open;
  }

  /** Never rejects. */
  async #compareQuiet(): Promise<void> {
    if (this.#isLooking) return;
    this.#isLooking = true;
    try {
      const quietSince = this.#deps.clock.monotonic() - quietMs + lookMs;
      const quiet = [...this.#feeds.values()].filter(({ feed }) => feed.position && feed.movedAt <= quietSince);
      for (let start = 0; start < quiet.length; start += comparedAtOnce) {
        await this.#compare(quiet.slice(start, start + comparedAtOnce).map(({ feed }) => feed));
      }
    } catch {
      // The store is away; it is looked again in a moment.
    } finally {
      this.#isLooking = false;
    }
  }

  async #compare(feeds: readonly RoomFeed[]): Promise<void> {
    const tops = await this.#deps.streams.tops(feeds.map(({ room }) => room));
    tops.forEach((top, index) => feeds[index]?.seen(top));
  }
}
