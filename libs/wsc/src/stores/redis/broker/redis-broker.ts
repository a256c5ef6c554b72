import { WscError } from '@nest-wsc/protocol';
import {
  clusterBatchHead,
  decodeClusterBatch,
  encodeClusterMessage,
  findClusterMessageFault,
} from '@nest-wsc/protocol/cluster';
import { isEffectUnknown, Outgoing, withoutCommand } from '@nest-wsc/redis';
import { messageOf } from '../../../core/async/as-error.js';
import type { MaybePromise } from '../../../core/async/maybe-promise.js';
import { cannotWrite } from '../../../core/messages/delivery.js';
import {
  PublishError,
  type Broker,
  type BrokerListener,
  type BrokerMessage,
  type DeliveryCount,
  type Destination,
  type PublishResult,
} from '../../../core/ports/broker.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import { FaultLog } from '../fault-log.js';
import type { OpenChannels } from '../open/open-channels.js';
import type { RedisConnections } from '../redis-connections.js';
import type { ChannelSubscription } from './channel-subscription.js';
import { OwnBatches } from './own-batches.js';
import { Subscriptions } from './subscriptions.js';

const nobody: DeliveryCount = Object.freeze({ queued: 0, dropped: 0 });
const everyone: Destination = Object.freeze({ kind: 'everyone' });

/** In every batch with a message that another node wants acknowledged; text of the application may hold it too, which costs a reading. */
const awaitedMark = Buffer.from('"ack_to":');

/** What a {@link RedisBroker} needs. */
export interface RedisBrokerOptions {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly logger: Logger;
  /** This node's address among the nodes; may change. */
  readonly instanceId: () => string;
  /** What other programs publish; subscribed for the same destinations. */
  readonly openChannels?: OpenChannels | undefined;
}

/**
 * Carries messages between nodes over the pub/sub of Redis: live only. What is published while Redis is gone, or while this node's
 * connection to it is, is heard on the publishing node alone; {@link RedisBroker.gaps} counts such times of this node's.
 */
export class RedisBroker implements Broker {
  readonly #options: RedisBrokerOptions;
  readonly #subscriptions: Subscriptions;
  readonly #own: OwnBatches;
  readonly #outgoing: Outgoing;
  readonly #faults: FaultLog;
  #listener: BrokerListener | undefined;

  constructor(options: RedisBrokerOptions) {
    const { connections, clock, logger, instanceId } = options;
    this.#options = options;
    this.#subscriptions = new Subscriptions(clock);
    this.#own = new OwnBatches(() => clusterBatchHead(instanceId()));
    this.#outgoing = new Outgoing({ client: connections.commands, head: () => this.#own.head });
    this.#faults = new FaultLog({ clock, logger });
  }

  /** How often messages of others may have been missed, since the connection was lost. */
  get gaps(): number {
    return this.#options.connections.subscriber.gaps;
  }

  /** How many messages on the channels between nodes could not be read. */
  get faults(): number {
    return this.#faults.count;
  }

  /** Goes on where Redis is not there: everyone is subscribed when it is. */
  async start(listener: BrokerListener): Promise<void> {
    this.#listener = listener;
    const channels = this.#channelsOf(everyone, this.#options.connections.names.everyone);
    try {
      await Promise.all(channels.map(async (each) => each.subscriber.subscribe(each.channel, each.listener)));
    } catch (cause) {
      this.#options.logger.warn('Redis is not there: this node hears no other until it is.', {
        reason: messageOf(cause),
      });
    }
  }

  /**
   * @throws {PublishError} WSC_UNAVAILABLE, or WSC_TIMEOUT where others may hear it all the same.
   * @throws {WscError} WSC_MESSAGE_TOO_LARGE over 8 MiB; WSC_UNAVAILABLE before `start` and after `close`.
   */
  publish(message: BrokerMessage): MaybePromise<PublishResult> {
    const listener = this.#listener;
    if (listener === undefined) throw new WscError('WSC_UNAVAILABLE');
    const { destination } = message;
    const channel = this.#channelOf(destination);
    const isHere = destination.kind === 'everyone' || this.#subscriptions.has(channel);
    const local = isHere ? listener(message) : nobody;
    const audience = destination.kind === 'everyone' ? destination.audience : undefined;
    let text: string;
    try {
      text = encodeClusterMessage(audience === undefined ? message : { ...message, audience });
    } catch (cause) {
      return { ...local, error: local.error ?? cannotWrite(message.message.event, cause) };
    }
    const fault = findClusterMessageFault(message, text);
    if (fault !== undefined) return { ...local, error: cannotWrite(message.message.event, new Error(fault)) };
    return this.#handOn(channel, text, local);
  }

  subscribe(destination: Destination): MaybePromise<void> {
    if (destination.kind === 'everyone') return;
    const channel = this.#channelOf(destination);
    return this.#subscriptions.add(channel, () => this.#channelsOf(destination, channel));
  }

  unsubscribe(destination: Destination): void {
    if (destination.kind !== 'everyone') this.#subscriptions.remove(this.#channelOf(destination));
  }

  /** Waits for what was published to go out. The connections stay open: they are not its own. */
  async close(): Promise<void> {
    this.#listener = undefined;
    await this.#outgoing.close();
    this.#subscriptions.close();
    const channels = this.#channelsOf(everyone, this.#options.connections.names.everyone);
    for (const { subscriber, channel } of channels) subscriber.unsubscribe(channel);
  }

  async #handOn(channel: string, text: string, local: DeliveryCount): Promise<PublishResult> {
    const { subscriber } = this.#options.connections;
    const wasSubscribed = subscriber.isSubscribed(channel);
    try {
      const receivers = await this.#outgoing.add(channel, text);
      // Redis counts this node too where it listens.
      const otherNodes = wasSubscribed || subscriber.isSubscribed(channel) ? receivers - 1 : receivers;
      return otherNodes > 0 ? { ...local, otherNodes } : local;
    } catch (cause) {
      if (cause instanceof WscError && cause.error === 'WSC_MESSAGE_TOO_LARGE') throw cause;
      throw new PublishError(isEffectUnknown(cause) ? 'WSC_TIMEOUT' : 'WSC_UNAVAILABLE', local, {
        cause: withoutCommand(cause),
      });
    }
  }

  #channelOf(destination: Destination): string {
    const { names } = this.#options.connections;
    switch (destination.kind) {
      case 'everyone':
        return names.everyone;
      case 'user':
        return names.user(destination.userId);
      case 'room':
        return names.room(destination.room);
    }
  }

  /** All channels on which something for a destination comes. */
  #channelsOf(destination: Destination, channel: string): readonly ChannelSubscription[] {
    const { connections, openChannels } = this.#options;
    const listener = (payload: Buffer): void => this.#receive(destination, channel, payload);
    return [{ subscriber: connections.subscriber, channel, listener }, ...(openChannels?.of(destination) ?? [])];
  }

  #receive(destination: Destination, channel: string, payload: Buffer): void {
    const listener = this.#listener;
    if (listener === undefined || this.#own.has(payload)) return;
    // One that only lingers is not worth reading, but for who waits to hear that nobody is here.
    const isWanted = destination.kind === 'everyone' || this.#subscriptions.has(channel);
    if (!isWanted && !payload.includes(awaitedMark)) return;
    const { messages, faults } = decodeClusterBatch(payload);
    for (const fault of faults) this.#faults.note(channel, fault);
    for (const { audience, ...message } of messages) {
      const isPart = audience !== undefined && destination.kind === 'everyone';
      listener({ ...message, destination: isPart ? { kind: 'everyone', audience } : destination });
    }
  }
}
