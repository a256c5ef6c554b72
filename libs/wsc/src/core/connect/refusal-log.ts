import { TokenBucket } from '../limits/token-bucket.js';
import type { HubOptions } from '../hub-options.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import { headerOf, type HandshakeRequest } from './handshake.js';
import type { HandshakeRefusal } from './refusal.js';

// Anybody can cause refusals, and Nest writes debug lines unless it is told not to.
const linesPerSecond = 5;
const linesBurst = 20;

/** What a {@link RefusalLog} needs. */
export interface RefusalLogDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly options: () => Pick<HubOptions, 'tokenInQuery'>;
}

/** Tells the log, at `debug`, which upgrades were refused and why: browsers show it to nobody. */
export class RefusalLog {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #options: () => Pick<HubOptions, 'tokenInQuery'>;
  readonly #bucket: TokenBucket;
  #leftOutCount = 0;

  constructor({ clock, logger, options }: RefusalLogDependencies) {
    this.#clock = clock;
    this.#logger = logger;
    this.#options = options;
    this.#bucket = new TokenBucket(linesPerSecond, linesBurst, clock.monotonic());
  }

  /** @param address the client's; `request` may be one that could not be read further. */
  write(request: HandshakeRequest, address: string, refusal: HandshakeRefusal): void {
    // Who only asks reads the answer.
    if (!request.isUpgrade) return;
    if (!this.#bucket.take(this.#clock.monotonic())) {
      this.#leftOutCount += 1;
      return;
    }
    const origin = headerOf(request, 'origin');
    this.#logger.debug('A connection was refused.', {
      status: refusal.statusCode,
      reason: this.#reasonOf(request, refusal),
      path: request.path,
      address,
      ...(origin !== undefined && { origin }),
      ...(this.#leftOutCount > 0 && { leftOut: this.#leftOutCount }),
    });
    this.#leftOutCount = 0;
  }

  /** Who is used to `?token=` finds no other trace of why it does nothing. */
  #reasonOf(request: HandshakeRequest, { statusCode, message }: HandshakeRefusal): string {
    const isUnread = statusCode === 401 && !this.#options().tokenInQuery && request.query.has('token');
    return isUnread ? `${message} The token in the URL does not count, since tokenInQuery is off.` : message;
  }
}
