import { WscError, type ServerEnvelope } from '@nest-wsc/protocol';
import { MemoryBroker } from '../stores/memory/memory-broker.js';
import type { TestClient, TestHub } from '../testing/test-hub.js';
import type { Broker, BrokerListener, BrokerMessage, DeliveryCount, Destination } from './ports/broker.js';
import { withResolver, type Resolvable } from './async/with-resolver.js';

/** A broker on which a test can hold `start` and `subscribe` back, as a network does, or let everything fail. */
export class UnreliableBroker implements Broker {
  isBroken = false;
  /** How many subscriptions are held, each as often as it was made. */
  subscriptionCount = 0;
  startCount = 0;
  readonly #memory = new MemoryBroker();
  #hold: Resolvable<undefined> | undefined;

  /** From now on starts and subscriptions wait until {@link UnreliableBroker.release}. */
  hold(): void {
    this.#hold ??= withResolver<undefined>();
  }

  release(): void {
    this.#hold?.resolve(undefined);
    this.#hold = undefined;
  }

  async start(listener: BrokerListener): Promise<void> {
    this.startCount += 1;
    await this.#hold?.promise;
    this.#memory.start(listener);
  }

  async publish(message: BrokerMessage): Promise<DeliveryCount> {
    this.#mustWork();
    return this.#memory.publish(message);
  }

  async subscribe(destination: Destination): Promise<void> {
    await this.#hold?.promise;
    this.#mustWork();
    this.#memory.subscribe(destination);
    this.subscriptionCount += 1;
  }

  async unsubscribe(destination: Destination): Promise<void> {
    this.#mustWork();
    this.#memory.unsubscribe(destination);
    this.subscriptionCount -= 1;
  }

  close(): void {
    this.#memory.close();
  }

  #mustWork(): void {
    if (this.isBroken) throw new WscError('WSC_UNAVAILABLE', { message: 'The broker is down.' });
  }
}

/** What a hub still holds; all zero when everything was tidied up. */
export async function leftBehind({ hub, clock }: TestHub): Promise<Readonly<Record<string, number>>> {
  const { totalClients, onlineUsers, totalRooms, runningHandlers, blockedConnections } = hub.stats();
  const onlineEverywhere = await hub.onlineUserCount();
  return {
    timers: clock.timerCount,
    handshakes: hub.gate.pendingCount,
    ...{ totalClients, onlineUsers, totalRooms, runningHandlers, blockedConnections, onlineEverywhere },
  };
}

/** What {@link leftBehind} answers when nothing is. */
export const nothing: Readonly<Record<string, number>> = Object.freeze({
  timers: 0,
  handshakes: 0,
  totalClients: 0,
  onlineUsers: 0,
  totalRooms: 0,
  runningHandlers: 0,
  blockedConnections: 0,
  onlineEverywhere: 0,
});

/** What a request was answered with so far, in short: values, `…value` for more to come, or the error's name. */
export function answersTo({ received }: TestClient, requestId: string): unknown[] {
  const short = (envelope: ServerEnvelope) => {
    if (!('requestId' in envelope) || envelope.requestId !== requestId) return [];
    if (envelope.type === 'error') return [envelope.error];
    return [envelope.more === true ? `…${String(envelope.data)}` : envelope.data];
  };
  return received.flatMap(short);
}

/** A client that answers the server's close. */
export function answersClose(client: TestClient): void {
  const { link, connection } = client;
  const close = link.close.bind(link);
  link.close = (code) => {
    close(code);
    queueMicrotask(() => connection.closed(code.code, code.reason));
  };
}
