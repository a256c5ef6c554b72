import { OpenOffsets } from './open-offsets.js';
import type { Position } from './position.js';

/** Up to where this device has acknowledged the user's inbox without a hole: what `resume` says to have (PROTOCOL.md §6.5). */
export class InboxPosition {
  readonly #open = new OpenOffsets();
  /** Up to where messages have come without a hole. */
  #reached: Position | undefined;

  get position(): Position | undefined {
    return this.#reached === undefined ? undefined : this.#open.below(this.#reached);
  }

  /** @param before the offset of the message before it, for this device */
  came(place: Position, before: number): void {
    this.#open.add(place);
    const reached = this.#reached;
    // Above a hole nothing counts: what is missing there may be on its way still.
    if (reached?.epoch === place.epoch && (before > reached.offset || place.offset <= reached.offset)) return;
    this.#reached = place;
  }

  acknowledged(place: Position): void {
    this.#open.delete(place);
  }

  /** What is not acknowledged comes again on the next connection. */
  disconnected(): void {
    this.#reached = this.position;
    this.#open.clear();
  }

  /** The client may be somebody else's next time. */
  clear(): void {
    this.#open.clear();
    this.#reached = undefined;
  }
}
