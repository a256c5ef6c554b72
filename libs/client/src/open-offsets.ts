import type { Position } from './position.js';

const maxTracked = 1_000;

/** The messages of one stream that have come and are not dealt with yet; handlers end in whatever order they like. */
export class OpenOffsets {
  readonly #offsets = new Set<number>();
  #epoch = '';
  /** The lowest that found no place. Nothing above it counts as done any more, which is safe: it comes again. */
  #untracked = Infinity;

  add({ offset, epoch }: Position): void {
    if (epoch !== this.#epoch) this.clear();
    this.#epoch = epoch;
    if (this.#offsets.size < maxTracked) this.#offsets.add(offset);
    else this.#untracked = Math.min(this.#untracked, offset);
  }

  delete({ offset, epoch }: Position): void {
    if (epoch === this.#epoch) this.#offsets.delete(offset);
  }

  clear(): void {
    this.#offsets.clear();
    this.#untracked = Infinity;
  }

  /** `position`, or the place before the lowest that is open, where that is earlier. */
  below(position: Position): Position {
    if (position.epoch !== this.#epoch) return position;
    let lowest = this.#untracked;
    for (const offset of this.#offsets) lowest = Math.min(lowest, offset);
    return lowest > position.offset ? position : { offset: lowest - 1, epoch: position.epoch };
  }
}
