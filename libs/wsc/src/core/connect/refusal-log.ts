import { TokenBucket } from '../limits/token-bucket.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { headerOf, type HandshakeRequest } from './handshake.js';
import type { HandshakeRefusal } from './refusal.js';

// Anybody can cause refusals, and Nest writes debug lines unless it is told not to.
const linesPerSecond = 5;
const linesBurst = 20;

/** Tells the log, at `debug`, which upgrades were refused and why: browsers show it to nobody. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #bucket: TokenBucket;
  #leftOutCount = 0;

  constructor({ clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    this.#clock = clock;
    this.#logger = logger;
    this.#bucket = new TokenBucket(linesPerSecond, linesBurst, clock.monotonic());
  }

  /** @param address the client's; `request` may be one that could not be read further. */
  write(request: HandshakeRequest, address: string, { statusCode, message }: HandshakeRefusal): void {
    // Who only asks reads the answer.
    if (!request.isUpgrade) return;
    if (!this.#bucket.take(this.#clock.monotonic())) {
      this.#leftOutCount += 1;
      return;
    }
    const origin = headerOf(request, 'origin');
    this.#logger.debug('A connection was refused.', {
      status: statusCode,
      reason: message,
      path: request.path,
      address,
      ...(origin !== undefined && { origin }),
      ...(this.#leftOutCount > 0 && { leftOut: this.#leftOutCount }),
    });
    this.#leftOutCount = 0;
  }
}
