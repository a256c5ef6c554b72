import { OpenOffsets } from './open-offsets.js';
import { isAtOrAbove, type Position } from './position.js';

/** A message's place, and where its receiver was before it. */
export interface MessagePlace extends Position {
  /** Where offsets skip for this receiver. */
  readonly prevOffset?: number | undefined;
}

/** `next` is to be handled; `known` was, or will come again; with a `gap` something before it is missing. */
export type Step = 'next' | 'known' | 'gap';

// More of its own messages than this are not under way between two of others.
const maxOwn = 100;

/** Where the client is in the stream of one room (PROTOCOL.md §6.1). */
export class RoomCursor {
  #position: Position | undefined;
  /** Joins with `recover` that have no answer yet: everything since the position comes behind it. */
  #holdCount = 0;
  /** Whether an answer of this connection has said where it goes on. */
  #isFollowing = false;
  /** Offsets of the client's own messages above the position. */
  readonly #own = new Set<number>();
  readonly #unhandled = new OpenOffsets();

  constructor(position?: Position) {
    this.#position = position;
  }

  get position(): Position | undefined {
    return this.#position;
  }

  /** Up to where every handler has ended: where another client would have to go on. */
  get handledPosition(): Position | undefined {
    return this.#position === undefined ? undefined : this.#unhandled.below(this.#position);
  }

  take(place: MessagePlace): Step {
    if (this.#holdCount > 0) return 'known';
    const step = this.#stepTo(place);
    if (step !== 'next') return step;
    this.#moveTo(place);
    this.#unhandled.add(place);
    return step;
  }

  handled(place: Position): void {
    this.#unhandled.delete(place);
  }

  /** The client's own message was stored there; it will not hear it. */
  sent(place: Position): void {
    const position = this.#position;
    if (position?.epoch !== place.epoch || place.offset <= position.offset) return;
    this.#own.add(place.offset);
    const [oldest] = this.#own;
    if (this.#own.size > maxOwn && oldest !== undefined) this.#own.delete(oldest);
    this.#moveTo(position);
  }

  /** Lets everything pass by until the returned function is called; the second call does nothing. */
  hold(): () => void {
    this.#holdCount += 1;
    let isHeld = true;
    return () => {
      if (isHeld) this.#holdCount -= 1;
      isHeld = false;
    };
  }

  /** The server has answered where the client goes on; `place` is undefined where the room keeps no history. */
  goOn(place: Position | undefined, recovered: boolean | undefined): void {
    // A client that follows and asked for nothing has no need to move: it would see a gap by itself.
    if (recovered === undefined && this.#isFollowing) return;
    this.#isFollowing = true;
    const position = this.#position;
    // What came between the question and its answer need not be handled twice.
    const isThere = place === undefined || (position !== undefined && isAtOrAbove(position, place));
    if (recovered !== true || !isThere) this.restart(place);
  }

  /** Goes on from `place`, wherever it was. */
  restart(place: Position | undefined): void {
    this.#own.clear();
    this.#position = place;
  }

  disconnected(): void {
    this.#isFollowing = false;
  }

  #stepTo({ offset, epoch, prevOffset = offset - 1 }: MessagePlace): Step {
    const position = this.#position;
    if (position === undefined) return 'next';
    if (epoch !== position.epoch) return 'gap';
    if (offset <= position.offset) return 'known';
    return prevOffset > position.offset ? 'gap' : 'next';
  }

  /** There, and past the client's own messages behind it. */
  #moveTo({ offset, epoch }: Position): void {
    let last = offset;
    while (this.#own.delete(last + 1)) last += 1;
    this.#position = { offset: last, epoch };
  }
}
