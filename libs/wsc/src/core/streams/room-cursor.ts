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
}
