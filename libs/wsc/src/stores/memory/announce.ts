import { isPromiseLike } from '../../core/async/maybe-promise.js';
import type { Broker, BrokerMessage } from '../../core/ports/broker.js';

/** Tells of what was stored, in the caller's turn. It stays stored where that fails: whoever misses it reads it from the store. */
export function announce(broker: Broker, message: BrokerMessage): void {
  try {
    const published = broker.publish(message);
    if (isPromiseLike(published)) published.then(undefined, () => undefined);
  } catch {
    // The broker has not started yet, or has closed: nobody listens.
  }
}
