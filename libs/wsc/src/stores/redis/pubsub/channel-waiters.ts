import type { WscError } from '@nest-wsc/protocol';
import { redisError } from '@nest-wsc/redis';
import type { Clock, Timer } from '../../../core/ports/clock.js';

/** How long a subscription may take; after that who asked is told no. */
const patienceMs = 2_000;

/** Those who wait until one channel is subscribed. */
export class ChannelWaiters {
  readonly promise: Promise<void>;
  readonly #timer: Timer;
  #settle: { readonly resolve: () => void; readonly reject: (error: WscError) => void } | undefined;

  /** @param onTimeout called when it took too long, before they are told. */
  constructor(clock: Clock, onTimeout: () => void) {
    this.promise = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
    // Who waits hears of it; where nobody does any more, a failure is nobody's.
    this.promise.catch(() => undefined);
    this.#timer = clock.after(patienceMs, () => {
      onTimeout();
      this.reject(new Error(`Redis did not confirm a subscription within ${String(patienceMs)} ms.`));
    });
  }

  resolve(): void {
    this.#timer.cancel();
    this.#settle?.resolve();
  }

  reject(cause: unknown): void {
    this.#timer.cancel();
    this.#settle?.reject(redisError(cause));
  }
}
