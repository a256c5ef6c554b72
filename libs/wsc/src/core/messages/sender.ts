import { parseName, parseUserId } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { EventBus } from '../extensions/events.js';
import type { Hooks } from '../extensions/hooks.js';
import type { InterceptorChain, OutboundTarget } from '../extensions/interceptors.js';
import { asError } from '../async/as-error.js';
import { neverUnhandled, whenReady, type MaybePromise } from '../async/maybe-promise.js';
import type { Audience, Broker, DeliveryCount, Destination, PublishResult } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import type { Cluster } from '../ports/cluster.js';
import type { InboxWrite } from '../ports/inbox.js';
import type { StreamLimits } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { NewNote, RecordKeeper } from '../records/record-keeper.js';
import { outcomeNote } from '../records/send-notes.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import type { AckTable } from './ack-table.js';
import { awaitKept, sendWithAck, type AckOutcome, type AckSendOptions } from './acked-send.js';
import { parseAudience } from './audience.js';
import { createMessage } from './create-message.js';
import type { Delivery } from './delivery.js';
import type { ForeignAcks } from './foreign-acks.js';
import type { MessageContext } from './message-context.js';
import type { KeptSend, KeptSends } from './kept-sends.js';
import type { MessageInput, OutboundMessage, SendResult } from './message.js';
import {
  parseInboxOptions,
  refuseHistoryOptions,
  refuseInboxOptions,
  type RoomSendOptions,
  type SendOptions,
  type StreamSend,
  type UserSendOptions,
} from './send-options.js';

/** What a {@link Sender} needs. */
export interface SenderDependencies {
  readonly clock: Clock;
  readonly broker: Broker;
  readonly cluster: Cluster;
  readonly keptSends: KeptSends;
  readonly connections: ConnectionRegistry;
  readonly namespaces: NamespaceTable;
  readonly delivery: Delivery;
  readonly interceptors: InterceptorChain<Connection>;
  readonly hooks: Hooks<Connection, MessageContext>;
  readonly events: EventBus;
  readonly acks: AckTable;
  readonly foreignAcks: ForeignAcks;
  readonly recordKeeper: RecordKeeper;
  /** A send that nobody awaits has failed. */
  readonly onFailure: (error: unknown) => void;
}

/**
 * Sends the application's messages. Up to the outboxes everything runs in the caller's turn as long as nothing on the way is
 * asynchronous, so that sends keep their order. A failed send that nobody awaits is reported and ends nothing. Rooms and users that
 * can't be are refused with WSC_INVALID_NAME, since a client may have named them; a message that can't be is the program's own
 * mistake, a `TypeError`.
 */
export class Sender {
  readonly #deps: SenderDependencies;

  constructor(dependencies: SenderDependencies) {
    this.#deps = dependencies;
  }

  broadcast(input: MessageInput, options: SendOptions = {}): Promise<SendResult> {
    return this.#settle(() => this.#publish({ kind: 'everyone' }, createMessage(this.#deps.clock, input), options));
  }

  /** To those of everyone that `audience` picks, on every node. @throws {WscError} WSC_VALIDATION_FAILED for an audience that is none. */
  where(audience: Audience, input: MessageInput): Promise<SendResult> {
    return this.#settle(() =>
      this.#publish(
        { kind: 'everyone', audience: parseAudience(audience) },
        createMessage(this.#deps.clock, input),
        {},
      ),
    );
  }

  /** Stored where the room's namespace has history: then it settles once it is, and rejects where it is not. */
  toRoom(
    room: string,
    input: MessageInput,
    options: RoomSendOptions & Partial<Pick<StreamSend, 'onceKey'>> = {},
  ): Promise<SendResult> {
    return this.#settle(() => {
      const destination = { kind: 'room', room: parseName(room, 'room') } as const;
      const message = createMessage(this.#deps.clock, input, room);
      const history = this.#deps.namespaces.of(room)?.history;
      if (history === undefined) {
        refuseHistoryOptions(options);
        return this.#publish(destination, message, options);
      }
      // The application's own id is one; a client's is its sender's only.
      const onceKey = options.onceKey ?? (input.id === undefined ? undefined : JSON.stringify([input.from, input.id]));
      return this.#store(history, message, { ...options, onceKey, room });
    });
  }

  /** To whoever is in a room now; never stored. */
  tellRoom(room: string, input: MessageInput, options: SendOptions = {}): Promise<SendResult> {
    return this.#settle(() =>
      this.#publish({ kind: 'room', room }, createMessage(this.#deps.clock, input, room), options),
    );
  }

  /** With `durable` it settles once the inbox has it, and rejects where it has not: WSC_LIMIT_EXCEEDED for a full one. */
  toUser(userId: string, input: MessageInput, options: UserSendOptions = {}): Promise<SendResult> {
    return this.#settle(() => {
      const destination = { kind: 'user', userId: parseUserId(userId) } as const;
      const message = createMessage(this.#deps.clock, input);
      if (options.durable === true) return this.#keep(destination.userId, message, parseInboxOptions(options));
      refuseInboxOptions(options);
      return this.#publish(destination, message, options);
    });
  }

  /** To each of them, with one id; results in the same order. To nobody where one of the user ids is wrong. */
  toUsers(userIds: readonly string[], input: MessageInput): Promise<readonly SendResult[]> {
    return this.#settle(() => {
      const destinations = userIds.map((userId) => ({ kind: 'user', userId: parseUserId(userId) }) as const);
      const message = createMessage(this.#deps.clock, input);
      return Promise.all(destinations.map(async (destination) => this.#publish(destination, message, {})));
    });
  }

  /** To the connections of this node for which `predicate` says yes. */
  whereHere(predicate: (connection: Connection) => boolean, input: MessageInput): Promise<SendResult> {
    return this.#direct({ kind: 'where' }, input, () => [...this.#deps.connections.all()].filter(predicate));
  }

  /** To one connection, by `send`, which knows where it is. */
  toConnection(
    connectionId: string,
    input: MessageInput,
    send: (connectionId: string, message: OutboundMessage) => MaybePromise<DeliveryCount>,
  ): Promise<SendResult> {
    return this.#settle(() => {
      const message = createMessage(this.#deps.clock, input);
      const passed = this.#intercept({ kind: 'connection', connectionId }, message);
      if (passed === undefined) return vetoed(message);
      return whenReady(send(connectionId, passed), (count) => this.#sent(passed, count));
    });
  }

  /** @throws {WscError} WSC_INVALID_NAME, WSC_VALIDATION_FAILED for options out of range. */
  toUserWithAck(
    userId: string,
    input: MessageInput,
    options: AckSendOptions & UserSendOptions = {},
  ): Promise<AckOutcome> {
    return this.#settle(async () => {
      const destination = { kind: 'user', userId: parseUserId(userId) } as const;
      const message = createMessage(this.#deps.clock, input);
      if (options.durable === true) return this.#keepWithAck(destination.userId, message, options);
      refuseInboxOptions(options);
      return this.#sendWithAck(destination, message, options);
    });
  }

  /** What a room would hear, once, whoever delivers it; undefined where an interceptor lets nobody hear it. */
  prepareToRoom(room: string, input: MessageInput): OutboundMessage | undefined {
    return this.#intercept({ kind: 'room', room }, createMessage(this.#deps.clock, input, room));
  }

  /** A prepared message, to the connections of this node only. */
  deliverHere(destination: Destination, message: OutboundMessage): SendResult {
    return this.#sent(message, this.#deps.delivery.deliver({ destination, message }));
  }

  /** What another program has published, to whom this node hosts. @throws what an interceptor throws. */
  relayOpen(destination: Destination, message: OutboundMessage): void {
    const passed = this.#intercept(destination, message);
    if (passed !== undefined) this.deliverHere(destination, passed);
  }

  /** Sends to one connection of this node in the caller's turn and answers the id. @throws {TypeError | WscError} as {@link createMessage} */
  direct(connection: Connection, input: MessageInput, ack: boolean): string {
    const created = createMessage(this.#deps.clock, input);
    const message = ack ? { ...created, ack: { attempt: 1 } } : created;
    this.#deliver({ kind: 'connection', connectionId: connection.id }, message, [connection]);
    return message.id;
  }

  #store(limits: StreamLimits, message: OutboundMessage, options: StreamSend): MaybePromise<SendResult> {
    const passed = this.#intercept({ kind: 'room', room: options.room }, message);
    if (passed === undefined) return vetoed(message);
    return whenReady(this.#deps.keptSends.toRoom(passed, limits, options), (kept) => this.#kept(passed, kept));
  }

  #keep(userId: string, message: OutboundMessage, write: Omit<InboxWrite, 'message'>): MaybePromise<SendResult> {
    const passed = this.#intercept({ kind: 'user', userId }, message);
    if (passed === undefined) return vetoed(message);
    const stored = this.#deps.keptSends.toUser(userId, { message: passed, ...write }, message);
    return whenReady(stored, (kept) => this.#kept(passed, kept));
  }

  #kept(passed: OutboundMessage, { place, count }: KeptSend): SendResult {
    return count === undefined ? { queued: 0, dropped: 0, ...place } : { ...this.#sent(passed, count), ...place };
  }

  #note(userId: string, note: NewNote | undefined): void {
    if (note !== undefined) this.#deps.recordKeeper.note(userId, note);
  }

  async #sendWithAck(
    destination: Destination & { readonly kind: 'user' },
    message: OutboundMessage,
    options: AckSendOptions,
  ): Promise<AckOutcome> {
    const { clock, acks, foreignAcks, cluster } = this.#deps;
    const { userId } = destination;
    let count = 0;
    const attempt = (): MaybePromise<SendResult> => {
      count += 1;
      if (count === 1) this.#note(userId, { id: message.id, status: 'queued', queuedAt: message.timestamp });
      return this.#publish(destination, { ...message, ack: { attempt: count } }, {});
    };
    const outcome = await sendWithAck({ clock, acks, attempt }, { id: message.id, userId }, options);
    this.#note(userId, outcomeNote(message, outcome));
    // It may still be acknowledged, which changes its record.
    if (outcome.status === 'unknown') foreignAcks.expect({ messageId: message.id, userId }, cluster.self.instanceId);
    return outcome;
  }

  async #keepWithAck(
    userId: string,
    message: OutboundMessage,
    options: AckSendOptions & UserSendOptions,
  ): Promise<AckOutcome> {
    const { clock, acks, cluster, keptSends } = this.#deps;
    const write = { ...parseInboxOptions(options), ackTo: cluster.self.instanceId };
    const keep = () => this.#keep(userId, message, write);
    const acknowledgedBy = () => keptSends.acknowledgedBy(userId, message.id);
    return awaitKept({ clock, acks, keep, acknowledgedBy }, { id: message.id, userId }, options);
  }

  #publish(
    destination: Destination,
    message: OutboundMessage,
    { exceptConnectionId }: SendOptions,
  ): MaybePromise<SendResult> {
    const passed = this.#intercept(destination, message);
    if (passed === undefined) return vetoed(message);
    const published = this.#deps.broker.publish({
      destination,
      message: passed,
      ...(message.ack !== undefined && { ackTo: this.#deps.cluster.self.instanceId }),
      ...(exceptConnectionId !== undefined && { exceptConnectionId }),
    });
    return whenReady(published, (count) => this.#sent(passed, count));
  }

  #direct(target: OutboundTarget, input: MessageInput, connections: () => readonly Connection[]): Promise<SendResult> {
    return this.#settle(() => this.#deliver(target, createMessage(this.#deps.clock, input), connections()));
  }

  #deliver(target: OutboundTarget, message: OutboundMessage, connections: readonly Connection[]): SendResult {
    const passed = this.#intercept(target, message);
    if (passed === undefined) return vetoed(message);
    return this.#sent(passed, this.#deps.delivery.toConnections(passed, connections));
  }

  #intercept(target: OutboundTarget, message: OutboundMessage): OutboundMessage | undefined {
    const { interceptors } = this.#deps;
    return interceptors.isEmptyOutbound ? message : interceptors.outbound(message, target);
  }

  #sent(message: OutboundMessage, count: PublishResult): SendResult {
    if (count.error !== undefined) throw count.error;
    const { hooks, events } = this.#deps;
    const { queued, dropped, otherNodes } = count;
    const result = { id: message.id, queued, dropped, ...(otherNodes !== undefined && { otherNodes }) };
    if (hooks.hasMessageSentHooks) hooks.messageSent(message, result);
    if (events.hasListeners('message.sent')) {
      const room = message.room === undefined ? {} : { room: message.room };
      events.emit('message.sent', { ...room, data: { event: message.event, ...result } });
    }
    return result;
  }

  #settle<T>(send: () => MaybePromise<T>): Promise<T> {
    try {
      const sent = send();
      return sent instanceof Promise ? neverUnhandled(sent, this.#deps.onFailure) : Promise.resolve(sent);
    } catch (error) {
      return neverUnhandled(Promise.reject<T>(asError(error)), this.#deps.onFailure);
    }
  }
}

/** An interceptor let nobody have it. */
function vetoed(message: OutboundMessage): SendResult {
  return { id: message.id, queued: 0, dropped: 0 };
}
