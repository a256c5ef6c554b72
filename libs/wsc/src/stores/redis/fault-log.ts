import type { Clock } from '../../core/ports/clock.js';
import type { Logger } from '../../core/ports/logger.js';

const intervalMs = 60_000;
/** Reasons are texts of ours, so there are few; not even a mistake about that may fill the memory. */
const maxReasons = 100;

/** Counts what came on channels and could not be read, and logs each reason once a minute, however much comes. */
export class FaultLog {
  readonly #options: { readonly clock: Clock; readonly logger: Logger };
  readonly #loggedAt = new Map<string, number>();
  #count = 0;

  constructor(options: { readonly clock: Clock; readonly logger: Logger }) {
    this.#options = options;
  }

  get count(): number {
    return this.#count;
  }

  /** @param reason never with what was in the message. */
  note(channel: string, reason: string): void {
    this.#count += 1;
    const { clock, logger } = this.#options;
    const now = clock.monotonic();
    const loggedAt = this.#loggedAt.get(reason);
    if (loggedAt === undefined ? this.#loggedAt.size >= maxReasons : now - loggedAt < intervalMs) return;
    this.#loggedAt.set(reason, now);
    logger.warn('A message from Redis was left out.', { channel, reason, sinceStart: this.#count });
  }
}
