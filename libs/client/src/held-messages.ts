import type { ServerNotifyEnvelope } from '@nest-wsc/protocol';

const maxHeld = 1_000;

/** What came through a room while its state is being loaded, in order. */
export class HeldMessages {
  readonly #messages: ServerNotifyEnvelope[] = [];
  #hasOverflowed = false;

  /** Whether some came that found no place: then the others are of no use either, and gone. */
  get hasOverflowed(): boolean {
    return this.#hasOverflowed;
  }

  get messages(): readonly ServerNotifyEnvelope[] {
    return this.#messages;
  }

  push(message: ServerNotifyEnvelope): void {
    this.#hasOverflowed ||= this.#messages.length >= maxHeld;
    if (this.#hasOverflowed) this.#messages.length = 0;
    else this.#messages.push(message);
  }
}
