import { isDroppable, type EncodedMessage } from './encoded-message.js';
import type { MessageLog } from './message-log.js';
import { Positions } from './positions.js';

/** Which messages help: any, or only those of the high lane, which has a limit of its own. */
export type DropScope = 'any' | 'high';

/** The messages of a `drop-oldest` room. */
class RoomByAge {
  readonly any: Positions;
  readonly high: Positions;

  constructor(log: MessageLog) {
    this.any = new Positions(log);
    this.high = new Positions(log);
  }
}

/** The messages of a `latest-only` room. */
class RoomByKey {
  readonly #log: MessageLog;
  readonly #newest = new Map<string, number>();
  /** What has come since the last look; until then nothing is superseded. */
  readonly #unseen: Positions;

  constructor(log: MessageLog) {
    this.#log = log;
    this.#unseen = new Positions(log);
  }

  push(position: number): void {
    this.#unseen.push(position);
  }

  /** A message that has a newer one with its key, or `key` itself; it may have gone. To be asked for until there is none. */
  superseded(key: string): number | undefined {
    for (let position = this.#unseen.take(); position !== undefined; position = this.#unseen.take()) {
      const before = this.#replace(this.#log.at(position)?.key ?? '', position);
      if (before !== undefined) return before;
    }
    this.#unseen.clear();
    return this.#replace(key, undefined);
  }

  /** Answers the one that was the newest until now; it may have gone. */
  #replace(key: string, position: number | undefined): number | undefined {
    const before = this.#newest.get(key);
    if (position === undefined) this.#newest.delete(key);
    else this.#newest.set(key, position);
    return before;
  }
}

/**
 * Finds what a blocked connection may let go, in O(1) amortised. Made when a message is over the budget for the first time, and again
 * after each {@link MessageLog.squeeze} and when what counts has changed: so it never holds more numbers than the log holds messages and gaps.
 */
export class DropIndex {
  readonly #log: MessageLog;
  readonly #firstCounted: number;
  /** Before it nothing may be dropped. */
  #cursor: number;
  readonly #high: Positions;
  readonly #byAge = new Map<string, RoomByAge>();
  readonly #byKey = new Map<string, RoomByKey>();

  /** @param firstCounted what stands before it makes no room by going, so it goes only where a newer one supersedes it. */
  constructor(log: MessageLog, firstCounted: number) {
    this.#log = log;
    this.#firstCounted = firstCounted;
    this.#cursor = firstCounted;
    this.#high = new Positions(log);
    for (let position = 0; position < log.end; position += 1) {
      const message = log.at(position);
      if (message !== undefined) this.note(position, message);
    }
  }

  /** `message` has come. */
  note(position: number, message: EncodedMessage): void {
    if (!isDroppable(message)) return;
    if (message.backpressure === 'latest-only') this.#roomByKey(message.room).push(position);
    if (position < this.#firstCounted) return;
    if (message.lane === 'high') this.#high.push(position);
    if (message.backpressure === 'drop-oldest') this.#noteAge(position, message);
  }

  /** The oldest counted message that may be dropped, of any room. */
  oldest(scope: DropScope): number | undefined {
    if (scope === 'high') return this.#high.oldest();
    for (; this.#cursor < this.#log.end; this.#cursor += 1) {
      const message = this.#log.at(this.#cursor);
      if (message !== undefined && isDroppable(message)) return this.#cursor;
    }
    return undefined;
  }

  /** The oldest counted message of a `drop-oldest` room. */
  oldestOf(room: string, scope: DropScope): number | undefined {
    return this.#byAge.get(room)?.[scope].oldest();
  }

  /**
   * A message of a `latest-only` room that a newer one or the given one supersedes; it may have gone. To be asked for until there
   * is none.
   */
  supersededBy({ room, key }: EncodedMessage): number | undefined {
    return this.#byKey.get(room)?.superseded(key);
  }

  #noteAge(position: number, message: EncodedMessage): void {
    let room = this.#byAge.get(message.room);
    if (room === undefined) this.#byAge.set(message.room, (room = new RoomByAge(this.#log)));
    room.any.push(position);
    if (message.lane === 'high') room.high.push(position);
  }

  #roomByKey(name: string): RoomByKey {
    let room = this.#byKey.get(name);
    if (room === undefined) this.#byKey.set(name, (room = new RoomByKey(this.#log)));
    return room;
  }
}
