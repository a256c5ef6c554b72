import type { Position } from './position.js';

/** Room → position. */
export type RoomPositions = Readonly<Record<string, Position>>;

/**
 * Where the client's positions outlive it, so that the next one goes on where this one was: after a reload of the page, say. A position
 * is saved once every handler of the messages up to it has ended. What fails goes to `onError`.
 */
export interface PositionStore {
  /** Called once, before the first join. What is no room with a position is passed over, so parsed JSON may be answered as it is. */
  load(): unknown;
  /** Called with everything to keep, some times a second at most, and never while the last call is under way. */
  save(positions: RoomPositions): unknown;
}
