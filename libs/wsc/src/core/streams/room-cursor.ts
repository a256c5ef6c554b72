import type { StreamPosition } from '../ports/streams.js';

/**
 * Where a connection is in a room's stream while it is behind the room: it gets what follows from the store, until it has caught up.
 * Held until it is told where to start, so that what it missed comes behind the answer that says so.
 */
export class RoomCursor {
  /** Undefined while it is held. */
  position: StreamPosition | undefined;
  /** The last offset that the connection got, where the entries since then were not for it. */
  prevOffset: number | undefined;
  /** Whether somebody reads for it right now, so that nobody else starts. */
  isRunning = false;
  /** Whether there is more to do once that is over. */
  isDue = false;
  /** Joins whose client is still to be told where it starts; the application and the client may join at the same time. */
  #holdCount = 0;
  /** The earliest place that one of them was told. */
  #start: StreamPosition | undefined;

  /** Whether no join needs it: none is under way, and none was told a place. */
  get isUnused(): boolean {
    return this.position === undefined && this.#holdCount === 0 && this.#start === undefined;
  }

  hold(): void {
    this.#holdCount += 1;
  }

  /** Ends one hold. Answers where to begin, once that was the last one: so that each of the joins gets what it was promised. */
  release(start: StreamPosition | undefined): StreamPosition | undefined {
    // Of two epochs one is lost, which shows when it is read or heard; either will do.
    if (start !== undefined && (this.#start === undefined || start.offset < this.#start.offset)) this.#start = start;
    this.#holdCount -= 1;
    return this.#holdCount === 0 ? this.#start : undefined;
  }
}
