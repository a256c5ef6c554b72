import type { Redis } from 'ioredis';
import type { Clock, Timer } from '../../../core/ports/clock.js';

/** How often a listening connection is asked whether it lives, and how long it may take to say so. */
const intervalMs = 500;

/**
 * Notices that a connection which only listens is dead: nothing else would, since nothing is written on it and silence is normal.
 * One whose peer is gone without a word is cut within two intervals.
 */
export class Heartbeat {
  readonly #client: Redis;
  readonly #clock: Clock;
  #timer: Timer | undefined;
  #isWaiting = false;

  constructor(client: Redis, clock: Clock) {
    this.#client = client;
    this.#clock = clock;
  }

  start(): void {
    this.stop();
    this.#timer = this.#clock.every(intervalMs, () => this.#beat());
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#isWaiting = false;
  }

  #beat(): void {
    if (this.#isWaiting) this.#giveUpUnlessAnswered();
    else this.#ping();
  }

  #ping(): void {
    this.#isWaiting = true;
    const timer = this.#timer;
    this.#client.ping().then(
      () => {
        // An answer to the connection before this one says nothing about it.
        if (timer === this.#timer) this.#isWaiting = false;
      },
      // It was cut, or will be by the next beat.
      () => undefined,
    );
  }

  /** After the turn's I/O: where this process itself stood still, the answer has been there all the time. */
  #giveUpUnlessAnswered(): void {
    const timer = this.#timer;
    this.#clock.nextTurn(() => {
      if (timer === this.#timer && this.#isWaiting) this.#client.disconnect(true);
    });
  }
}
