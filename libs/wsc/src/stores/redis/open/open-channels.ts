import { decodeOpenMessage, decodeOpenNotification, type DecodedOpenMessage } from '@nest-wsc/protocol/cluster';
import { createMessage } from '../../../core/messages/create-message.js';
import type { OutboundMessage } from '../../../core/messages/message.js';
import type { Destination } from '../../../core/ports/broker.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import type { ChannelSubscription } from '../broker/channel-subscription.js';
import { FaultLog } from '../fault-log.js';
import type { RedisConnections } from '../redis-connections.js';

/** Hears what other programs publish, on each node that hosts whom it is for. Never throws. */
export type OpenMessageListener = (destination: Destination, message: OutboundMessage) => void;

/** What {@link OpenChannels} need. */
export interface OpenChannelsOptions {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Decode = (payload: Buffer) => DecodedOpenMessage;

/**
 * The channels on which any program may publish, in any language: `<openPrefix>:broadcast`, `:user:<id>`, `:notification:<id>` and
 * `:room:<room>`, with the names as they are. Live only: what is published to somebody who is not connected is lost.
 *
 * A message without an id gets one on each node that receives it, not the same on all of them: there is nothing that all could make it of
 * but its content, and then a second message with the same content would be dropped by clients, which take it for a repetition.
 */
export class OpenChannels {
  readonly #options: OpenChannelsOptions;
  readonly #faults: FaultLog;
  #listener: OpenMessageListener | undefined;

  constructor(options: OpenChannelsOptions) {
    this.#options = options;
    this.#faults = new FaultLog(options);
  }

  /** How many messages could not be read. */
  get faults(): number {
    return this.#faults.count;
  }

  /** Called before the broker is started, which subscribes what is needed. */
  listen(listener: OpenMessageListener): void {
    this.#listener = listener;
  }

  /** What has to be subscribed for a destination; nothing where they are switched off. */
  of(destination: Destination): readonly ChannelSubscription[] {
    switch (destination.kind) {
      case 'everyone':
        return this.#subscriptions(destination, [['broadcast', decodeOpenMessage]]);
      case 'room':
        return this.#subscriptions(destination, [[`room:${destination.room}`, decodeOpenMessage]]);
      case 'user':
        return this.#subscriptions(destination, [
          [`user:${destination.userId}`, decodeOpenMessage],
          [`notification:${destination.userId}`, decodeOpenNotification],
        ]);
    }
  }

  #subscriptions(
    destination: Destination,
    channels: readonly (readonly [string, Decode])[],
  ): readonly ChannelSubscription[] {
    const { openPrefix, openSubscriber: subscriber } = this.#options.connections;
    if (openPrefix === '') return [];
    return channels.map(([name, decode]) => {
      const channel = `${openPrefix}:${name}`;
      return { subscriber, channel, listener: (payload) => this.#receive({ destination, channel, decode }, payload) };
    });
  }

  #receive(
    { destination, channel, decode }: { destination: Destination; channel: string; decode: Decode },
    payload: Buffer,
  ): void {
    const decoded = decode(payload);
    if (!decoded.ok) {
      this.#faults.note(channel, decoded.fault);
      return;
    }
    const { id, from, fromName, ...rest } = decoded.message;
    const input = {
      ...rest,
      ...(id !== undefined && { id }),
      ...(from !== undefined && { from }),
      ...(fromName !== undefined && { fromName }),
    };
    const room = destination.kind === 'room' ? destination.room : undefined;
    this.#listener?.(destination, createMessage(this.#options.clock, input, room));
  }
}
