/** What became of a message. */
export type Handling = 'running' | 'done';

/** Where an id is one message's: with a room its sender there, otherwise the user. Elsewhere the same id is another message. */
export interface MessagePlace {
  readonly id: string;
  readonly room?: string | undefined;
  readonly from?: string | undefined;
}

/** Remembers the last messages by id and place, at most `limit`, so that a message delivered twice is handled once. */
export class RecentIds {
  readonly #handling = new Map<string, Handling>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(message: MessagePlace): Handling | undefined {
    return this.#handling.get(keyOf(message));
  }

  set(message: MessagePlace, handling: Handling): void {
    const key = keyOf(message);
    this.#handling.delete(key);
    this.#handling.set(key, handling);
    if (this.#handling.size <= this.#limit) return;
    const oldest = this.#handling.keys().next();
    if (oldest.done !== true) this.#handling.delete(oldest.value);
  }

  forget(message: MessagePlace): void {
    this.#handling.delete(keyOf(message));
  }
}

/** No name of a room or user has a space in it. */
function keyOf({ id, room, from = '' }: MessagePlace): string {
  return room === undefined ? ` ${id}` : `${room} ${from} ${id}`;
}
