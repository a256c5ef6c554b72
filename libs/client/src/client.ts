/// <reference lib="esnext.disposable" preserve="true" />
import { AnswerStream } from './answer-stream.js';
import {
  parseRefreshedToken,
  parseRoomPresence,
  parseSentMessage,
  type RefreshedToken,
  type RoomPresence,
  type SentMessage,
} from './built-in-answers.js';
import type { CloseInfo, ConnectionInfo, ConnectionState } from './connection-state.js';
import type { ErrorListener } from './error-reporter.js';
import type {
  AnyEvents,
  AnyRequests,
  EventData,
  EventName,
  MessageHandler,
  RequestData,
  RequestName,
  ResponseData,
} from './event-map.js';
import type { Unsubscribe } from './listeners.js';
import type { everyEvent } from './message-router.js';
import { checkOptionNames } from './option-names.js';
import type { RoomRole } from './memberships.js';
import { resolveClientOptions, type WscClientOptions } from './options.js';
import type { JoinedRoom, RoomRecovery } from './recovery-answers.js';
import type { AskOptions, RepeatableOptions, RequestOptions } from './request-table.js';
import type { Reconnection } from './resumption.js';
import { notInYet } from './room-refusal.js';
import type { AskRoom } from './room-tracker.js';
import { Session } from './session.js';
import { forgivable } from './settle.js';
import type { GetSnapshot } from './snapshots.js';
import type { TokenOrProvider } from './token-source.js';

/** How a message to a room is sent. */
export interface RoomMessageOptions extends RequestOptions {
  /** Whether this connection gets it, too. @default false */
  readonly echo?: boolean | undefined;
}

/** How a room is joined. */
export interface JoinOptions extends AskOptions {
  /**
   * Loads the room's state while its messages wait, at the join and wherever it has turned out later that some are missing; where it
   * throws, the join fails. @default none
   */
  readonly getSnapshot?: GetSnapshot | undefined;
}

interface BuiltInRequest<T> {
  readonly event: string;
  readonly data: object;
  readonly options: RepeatableOptions;
  readonly read: (answer: unknown) => T;
}

/**
 * One connection to a gateway, kept up: it comes back by itself, goes on in its rooms where it was, acknowledges what its handlers
 * have handled and hands each message over once.
 *
 * Promises: messages and requests leave in the order in which they were given; a request is sent twice only where it says
 * that it may be; of a room with history every message comes, once and in order, or `onRecovered` says that some do not; listeners
 * that throw disturb nothing. Does not promise: that a `send` arrives, or that nothing was missed in rooms without history.
 *
 * Every promise that it returns may be ignored: then an error of the gateway goes nowhere, and ends no process.
 *
 * @typeParam Events what the server sends: event → data
 * @typeParam Requests what the client sends: event → `{ data, response }`
 */
export class WscClient<
  Events extends object = AnyEvents,
  Requests extends object = AnyRequests,
> implements AsyncDisposable {
  readonly #session: Session;

  /**
   * Does not connect yet.
   * @throws {TypeError} naming the option that is wrong
   */
  constructor(options: WscClientOptions) {
    checkOptionNames(options);
    this.#session = new Session(resolveClientOptions(options));
  }

  get state(): ConnectionState {
    return this.#session.state;
  }

  /** What the server said of the open connection; nothing while there is none. */
  get connection(): ConnectionInfo | undefined {
    return this.#session.info;
  }

  /** The rooms that the client is in, and will join again after a reconnect. */
  get rooms(): readonly string[] {
    return this.#session.exchange.rooms.names;
  }

  /**
   * Connects and keeps trying. Calling it again changes nothing but the token; after `close()` it begins anew.
   * @param token a bearer token, or a function that gets one before each attempt
   * @returns resolves when open
   * @throws {WscError} when the client stops: refused for good, or closed. What fails meanwhile goes to `onError`.
   */
  connect(token?: TokenOrProvider): Promise<ConnectionInfo> {
    return this.#session.connect(token);
  }

  /**
   * Tries again now instead of after the wait between two attempts, also where the server asked for that wait: for a button that somebody
   * presses. Does nothing while there is a connection or an attempt, or after `close()`.
   */
  reconnectNow(): void {
    this.#session.reconnectNow();
  }

  /** Ends the connection with 1000. What waits or is open fails with WSC_UNAVAILABLE; rooms are forgotten, handlers stay. */
  close(): Promise<void> {
    return this.#session.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Hears an event; with `'*'` every event.
   * @returns unsubscribes
   */
  on<Name extends EventName<Events>>(event: Name, handler: MessageHandler<EventData<Events, Name>>): Unsubscribe;
  on(event: typeof everyEvent, handler: MessageHandler): Unsubscribe;
  on(event: string, handler: MessageHandler): Unsubscribe {
    return this.#session.exchange.messages.add(event, handler, false);
  }

  /** Hears the next message of an event only. */
  once<Name extends EventName<Events>>(event: Name, handler: MessageHandler<EventData<Events, Name>>): Unsubscribe;
  once(event: typeof everyEvent, handler: MessageHandler): Unsubscribe;
  once(event: string, handler: MessageHandler): Unsubscribe {
    return this.#session.exchange.messages.add(event, handler, true);
  }

  /** Removes a handler of an event; without one, all of them. */
  off<Name extends EventName<Events>>(event: Name, handler?: MessageHandler<EventData<Events, Name>>): void;
  off(event: typeof everyEvent, handler?: MessageHandler): void;
  off(event: string, handler?: MessageHandler): void {
    this.#session.exchange.messages.remove(event, handler);
  }

  /** Called on each connection, when messages can be sent. */
  onOpen(listener: (connection: ConnectionInfo) => unknown): Unsubscribe {
    return this.#session.opened.add(listener);
  }

  /** Called when an open connection has ended. */
  onClose(listener: (close: CloseInfo) => unknown): Unsubscribe {
    return this.#session.closed.add(listener);
  }

  /** Called with every error that no promise carries: failed attempts, handlers that throw, dropped messages. */
  onError(listener: ErrorListener): Unsubscribe {
    return this.#session.errors.add(listener);
  }

  /**
   * Called with each room whose missed messages were asked for, just before they come: after a reconnect, a gap, or a join with a saved
   * position.
   */
  onRecovered(listener: (recovery: RoomRecovery) => unknown): Unsubscribe {
    return this.#session.exchange.resumption.recovered.add(listener);
  }

  /** Called once after each reconnect, when it is known for all rooms whether what was missed follows. */
  onReconnected(listener: (reconnection: Reconnection) => unknown): Unsubscribe {
    return this.#session.exchange.resumption.reconnected.add(listener);
  }

  onStateChange(listener: (state: ConnectionState, previous: ConnectionState) => unknown): Unsubscribe {
    return this.#session.stateChanged.add(listener);
  }

  /**
   * Tells, without an answer. Waits in a bounded queue while there is no connection.
   * @throws {WscError} WSC_LIMIT_EXCEEDED where the queue is full, WSC_MESSAGE_TOO_LARGE, WSC_VALIDATION_FAILED where the
   * data can't be encoded, WSC_INVALID_NAME, WSC_UNAVAILABLE after `close()`
   */
  send<Name extends RequestName<Requests>>(event: Name, data: RequestData<Requests, Name>): void {
    this.#session.exchange.notify(event, data);
  }

  /**
   * Asks, and resolves with the answer; of several answers with the last.
   * @throws {WscError} what the gateway answered, or WSC_TIMEOUT, WSC_UNAVAILABLE and what {@link send} throws. Where the
   * client itself gave up, `details.outcome` is `failed` (it took no effect) or `unknown`; it is `unknown` too where the
   * client sent the request again, and the gateway refused that, whatever the error. Details that are no object are in `details.refusal`.
   */
  request<Name extends RequestName<Requests>>(
    event: Name,
    data: RequestData<Requests, Name>,
    options: RequestOptions = {},
  ): Promise<ResponseData<Requests, Name>> {
    const { exchange } = this.#session;
    const read = (answer: ResponseData<Requests, Name>): ResponseData<Requests, Name> => answer;
    return exchange.ask(exchange.createRequest(event, data, options), { read });
  }

  /**
   * Asks when it is first read, and gives each answer. Ending the loop early forgets the request.
   * @throws {WscError} as {@link request}, and WSC_LIMIT_EXCEEDED where the loop is 1,000 answers behind
   */
  async *requestStream<Name extends RequestName<Requests>>(
    event: Name,
    data: RequestData<Requests, Name>,
    options: RequestOptions = {},
  ): AsyncGenerator<ResponseData<Requests, Name>, void, undefined> {
    const { exchange } = this.#session;
    const answers = new AnswerStream<ResponseData<Requests, Name>>();
    const forget = exchange.askEach(exchange.createRequest(event, data, options), answers);
    try {
      yield* answers.read();
    } finally {
      forget();
    }
  }

  /**
   * Joins a room, now and after each reconnect, until {@link leaveRoom}. Register handlers first: messages may come before the answer.
   * With a saved position it goes on there, and the answer's `recovery` says whether everything since then follows.
   */
  joinRoom(room: string, options: JoinOptions = {}): Promise<JoinedRoom> {
    return this.#join(room, 'member', options);
  }

  leaveRoom(room: string, options: AskOptions = {}): Promise<void> {
    return this.#leave(room, 'member', options);
  }

  /** As {@link joinRoom}, without counting as a member. */
  subscribe(room: string, options: JoinOptions = {}): Promise<JoinedRoom> {
    return this.#join(room, 'subscriber', options);
  }

  unsubscribe(room: string, options: AskOptions = {}): Promise<void> {
    return this.#leave(room, 'subscriber', options);
  }

  /** Sends `room_message` to the other members. @throws {WscError} WSC_UNAVAILABLE where the client is not in the room again yet. */
  sendToRoom(room: string, data: unknown, { echo, ...options }: RoomMessageOptions = {}): Promise<SentMessage> {
    const read = (answer: unknown): SentMessage => {
      const sent = parseSentMessage(answer);
      // An echo comes as any other message.
      if (echo !== true) this.#session.exchange.sent(room, sent);
      return sent;
    };
    const sent = this.#ask({ event: 'room_message', data: { room, data, echo }, options, read });
    const explain = (error: unknown): never => {
      throw this.#session.exchange.rooms.isOutForNow(room) ? notInYet(error, room) : error;
    };
    return forgivable(sent.catch(explain));
  }

  /** Sends `chat` to all devices of a user, and to the other devices of the sender. */
  sendToUser(to: string, data: unknown, options: RequestOptions = {}): Promise<SentMessage> {
    return this.#ask({ event: 'chat', data: { to, data }, options, read: parseSentMessage });
  }

  /** Who is in a room. */
  presence(room: string, options: AskOptions = {}): Promise<RoomPresence> {
    return this.#ask({
      event: 'presence',
      data: { room },
      options: { ...options, canRepeat: true },
      read: parseRoomPresence,
    });
  }

  /** Gives the open connection a new token, so that it outlives the old one. A fixed token of `connect` is replaced, too. */
  refreshToken(token: string, options: AskOptions = {}): Promise<RefreshedToken> {
    const read = (answer: unknown): RefreshedToken => {
      this.#session.tokens.accept(token);
      return parseRefreshedToken(answer);
    };
    return this.#ask({ event: 'refresh_token', data: { token }, options: { ...options, canRepeat: true }, read });
  }

  #join(room: string, role: RoomRole, { getSnapshot, ...options }: JoinOptions): Promise<JoinedRoom> {
    return forgivable(this.#session.exchange.rooms.join({ room, role }, { ask: this.#askRoom(options), getSnapshot }));
  }

  #leave(room: string, role: RoomRole, options: AskOptions): Promise<void> {
    const isConnected = this.#session.info !== undefined;
    return forgivable(this.#session.exchange.rooms.leave({ room, role }, this.#askRoom(options), isConnected));
  }

  /** Without an id, which would give a repeat on the next connection the old answer and no membership. */
  #askRoom(options: AskOptions): AskRoom {
    const { exchange } = this.#session;
    return (event, data, reader) =>
      exchange.ask(exchange.createRequest(event, data, { ...options, canRepeat: true }), reader);
  }

  #ask<T>({ event, data, options, read }: BuiltInRequest<T>): Promise<T> {
    const { exchange } = this.#session;
    return exchange.ask(exchange.createRequest(event, data, options), { read });
  }
}
