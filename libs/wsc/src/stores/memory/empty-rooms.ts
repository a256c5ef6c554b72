import { createEpoch } from '../shared/create-epoch.js';

/**
 * The epochs of rooms that somebody has asked for and nobody has written to: each is at offset 0. They take next to nothing, and have
 * a bound of their own, so that whoever looks at many rooms drives out no messages.
 */
export class EmptyRooms {
  /** The room that was not asked for for longest first. */
  readonly #epochs = new Map<string, string>();
  readonly #max: number;

  /** @param max over it the room that was not asked for for longest is forgotten. */
  constructor(max: number) {
    this.#max = max;
  }

  epochOf(room: string): string {
    const epoch = this.take(room) ?? createEpoch();
    this.#epochs.set(room, epoch);
    const [unused] = this.#epochs.keys();
    if (this.#epochs.size > this.#max && unused !== undefined) this.#epochs.delete(unused);
    return epoch;
  }

  /** Forgets a room. Answers the epoch that was told of it. */
  take(room: string): string | undefined {
    const epoch = this.#epochs.get(room);
    this.#epochs.delete(room);
    return epoch;
  }

  clear(): void {
    this.#epochs.clear();
  }
}
