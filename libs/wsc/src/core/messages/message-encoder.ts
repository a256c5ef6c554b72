import type { ServerNotifyEnvelope } from '@nest-wsc/protocol';
import { protectedMessage, type EncodedMessage } from '../outbox/encoded-message.js';
import type { StreamPosition } from '../ports/streams.js';
import type { Encoding } from '../ports/transport.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { OutboundMessage } from './message.js';

/** One message, encoded at most once per encoding (and once more for those that are asked to acknowledge it). */
export class MessageEncoder {
  readonly #message: OutboundMessage;
  readonly #namespaces: NamespaceTable;
  readonly #isBroadcast: boolean;
  readonly #position: StreamPosition | undefined;
  readonly #plain = new Map<Encoding, EncodedMessage>();
  /** Few messages ask for an acknowledgement. */
  #acked: Map<Encoding, EncodedMessage> | undefined;

  constructor(
    message: OutboundMessage,
    namespaces: NamespaceTable,
    { isBroadcast, position }: { readonly isBroadcast: boolean; readonly position?: StreamPosition },
  ) {
    this.#message = message;
    this.#namespaces = namespaces;
    this.#isBroadcast = isBroadcast;
    this.#position = position;
  }

  encodedFor(encoding: Encoding, ack: boolean): EncodedMessage {
    const cache = ack ? (this.#acked ??= new Map<Encoding, EncodedMessage>()) : this.#plain;
    let encoded = cache.get(encoding);
    if (encoded === undefined) {
      const envelope = notifyEnvelope(this.#message, ack, this.#position);
      const bytes = encoding.encode(envelope, { isBroadcast: this.#isBroadcast });
      encoded = this.#withPolicy(bytes, ack);
      cache.set(encoding, encoded);
    }
    return encoded;
  }

  /** For one connection that did not get the entry before this one: the last that it got was `prevOffset`. */
  encodedAfter(prevOffset: number, encoding: Encoding): EncodedMessage {
    const envelope = { ...notifyEnvelope(this.#message, false, this.#position), prevOffset };
    return this.#withPolicy(encoding.encode(envelope, { isBroadcast: false }), false);
  }

  /** Here and not where it is pushed: once per message instead of once per connection. */
  #withPolicy(bytes: Buffer, ack: boolean): EncodedMessage {
    const { room, key, event } = this.#message;
    // What has a place in a stream overtakes nothing.
    const lane = this.#position === undefined ? this.#message.priority : 'normal';
    // Who missed `room_closed` would take itself for a member for ever.
    if (room === undefined || ack || event === 'room_closed') return protectedMessage(bytes, lane);
    const policy = this.#namespaces.of(room)?.backpressure ?? 'close';
    // What no store has can't be caught up with.
    const backpressure = policy === 'catch-up' && this.#position === undefined ? 'drop-newest' : policy;
    return { bytes, lane, room, backpressure, key: key ?? event };
  }
}

function notifyEnvelope(
  message: OutboundMessage,
  ack: boolean,
  position: StreamPosition | undefined,
): ServerNotifyEnvelope {
  // One literal with every field, so that all of them have one shape.
  return {
    type: 'notify',
    event: message.event,
    id: message.id,
    data: message.data,
    from: message.from,
    fromName: message.fromName,
    to: message.to,
    room: message.room,
    offset: position?.offset,
    epoch: position?.epoch,
    ack,
    timestamp: message.timestamp,
  };
}
