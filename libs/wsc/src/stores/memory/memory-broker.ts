import { WscError } from '@nest-wsc/protocol';
import type { Broker, BrokerListener, BrokerMessage, DeliveryCount, Destination } from '../../core/ports/broker.js';

const nobody: DeliveryCount = Object.freeze({ queued: 0, dropped: 0 });

/** The broker of a hub that is alone: what is published is delivered before `publish` returns. */
export class MemoryBroker implements Broker {
  readonly #users = new SubscriptionCounts();
  readonly #rooms = new SubscriptionCounts();
  #listener: BrokerListener | undefined;

  start(listener: BrokerListener): void {
    this.#listener = listener;
  }

  /** @throws {WscError} WSC_UNAVAILABLE before `start` and after `close`. */
  publish(message: BrokerMessage): DeliveryCount {
    if (!this.#listener) throw new WscError('WSC_UNAVAILABLE');
    return this.#isSubscribed(message.destination) ? this.#listener(message) : nobody;
  }

  subscribe(destination: Destination): void {
    if (destination.kind === 'user') this.#users.add(destination.userId);
    if (destination.kind === 'room') this.#rooms.add(destination.room);
  }

  unsubscribe(destination: Destination): void {
    if (destination.kind === 'user') this.#users.remove(destination.userId);
    if (destination.kind === 'room') this.#rooms.remove(destination.room);
  }

  close(): void {
    this.#listener = undefined;
    this.#users.clear();
    this.#rooms.clear();
  }

  #isSubscribed(destination: Destination): boolean {
    switch (destination.kind) {
      case 'everyone':
        return true;
      case 'user':
        return this.#users.has(destination.userId);
      case 'room':
        return this.#rooms.has(destination.room);
    }
  }
}

/** How often each name is subscribed; holds no zeros. */
class SubscriptionCounts {
  readonly #counts = new Map<string, number>();

  has(name: string): boolean {
    return this.#counts.has(name);
  }

  add(name: string): void {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + 1);
  }

  remove(name: string): void {
    const count = (this.#counts.get(name) ?? 0) - 1;
    if (count > 0) this.#counts.set(name, count);
    else this.#counts.delete(name);
  }

  clear(): void {
    this.#counts.clear();
  }
}
