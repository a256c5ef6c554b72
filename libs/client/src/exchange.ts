import {
  closeCodes,
  parseName,
  WscError,
  type ClientEnvelope,
  type ErrorEnvelope,
  type ServerEnvelope,
  type ServerNotifyEnvelope,
  type WelcomeData,
} from '@nest-wsc/protocol';
import { AckBatch } from './ack-batch.js';
import type { SentMessage } from './built-in-answers.js';
import { EnvelopeEncoder } from './envelope-encoder.js';
import type { ErrorReporter } from './error-reporter.js';
import type { Link, LinkEnd } from './link.js';
import { MessageRouter } from './message-router.js';
import type { ResolvedOptions } from './options.js';
import { Outbox } from './outbox.js';
import { parsePosition } from './position.js';
import { PositionTable } from './position-table.js';
import { readKey } from './read-key.js';
import {
  errorOf,
  RequestTable,
  type AnswerReader,
  type AnswerSink,
  type NewRequest,
  type RepeatableOptions,
} from './request-table.js';
import { Resumption } from './resumption.js';
import { RoomTracker, type AskRoom } from './room-tracker.js';
import { createDeferred } from './settle.js';

/** What is said over the connections of a client, one after the other: messages, requests, acks, rooms. */
export class Exchange {
  readonly messages: MessageRouter;
  readonly rooms: RoomTracker;
  readonly resumption: Resumption;
  readonly #errors: ErrorReporter;
  readonly #encoder: EnvelopeEncoder;
  readonly #outbox: Outbox;
  readonly #requests: RequestTable;
  readonly #requestTimeoutMs: number;
  readonly #positions: PositionTable;
  /** On this connection or not at all. */
  readonly #askFirst: AskRoom = (event, data, reader) =>
    this.ask(this.createRequest(event, data, { goesFirst: true }), reader);
  #link: Link | undefined;
  /** Undefined where the connection is anonymous. */
  #userId: string | undefined;
  #closedError: WscError | undefined;

  constructor(options: ResolvedOptions, errors: ErrorReporter) {
    const { scheduler } = options;
    this.#errors = errors;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#encoder = new EnvelopeEncoder(options.codec);
    this.#outbox = new Outbox(options.queue, scheduler);
    this.#requests = new RequestTable(this.#outbox, this.#encoder, scheduler);
    this.#positions = new PositionTable(options, errors);
    this.resumption = new Resumption(this.#positions, scheduler, errors);
    this.rooms = new RoomTracker({
      ...{ errors, scheduler, random: options.random, positions: this.#positions, ask: this.#askFirst },
      deliver: (message) => this.messages.receive(message),
      onRecovered: (recovery) => this.resumption.roomRecovered(recovery),
    });
    const acks = new AckBatch((ids) => this.#sendDirectly({ type: 'ack', ids }));
    this.messages = new MessageRouter({
      errors,
      recentIdsCount: options.recentIdsCount,
      acknowledge: (message) => {
        acks.add(message.id);
        const place = parsePosition(message);
        if (message.room === undefined && place !== undefined) this.resumption.inbox.acknowledged(place);
      },
      onFinished: (message) => this.#finished(message),
    });
  }

  /** Reads the saved positions; nothing where that is done already. Never rejects. */
  loadPositions(): Promise<void> | undefined {
    return this.#positions.load();
  }

  /** There may be no time for it later. */
  savePositions(): void {
    this.#positions.save();
  }

  /** From now on messages may be given, and wait for a connection. */
  start(): void {
    this.#closedError = undefined;
    this.#requests.started();
  }

  /**
   * A connection is up. The session of the last one goes first, or else its rooms; then what it left unanswered, then what waited.
   * `onReady` is called once everything else may be sent: in the same turn, where there is no session.
   */
  connected(link: Link, welcome: WelcomeData, onReady: () => void): void {
    this.#link = link;
    this.#userId = welcome.userId;
    this.#outbox.attach(link, welcome.maxMessageBytes);
    this.resumption.begin({
      welcome,
      isCurrent: () => this.#link === link,
      ask: this.#askFirst,
      restore: ({ rooms }) => {
        const restored = this.rooms.restore(rooms);
        this.#requests.repeat();
        this.#outbox.open();
        onReady();
        return restored;
      },
    });
  }

  /** The connection is gone: what was sent and can't be repeated fails, the rest waits for the next one. */
  disconnected(end: LinkEnd): void {
    this.#link = undefined;
    this.#outbox.detach();
    this.rooms.disconnected();
    this.resumption.disconnected();
    const details = { outcome: 'unknown', closeCode: end.code };
    if (end.code === closeCodes.messageTooLarge.code) {
      // One of them was the cause, and would be again.
      this.#requests.failSent(new WscError('WSC_MESSAGE_TOO_LARGE', { details }));
    }
    const message = `The connection ended with ${end.code} before the answer came.`;
    this.#requests.failUnrepeatable(new WscError('WSC_UNAVAILABLE', { message, details }));
  }

  /** There will be no connection: everything that waits fails with `error`, and so does what follows. */
  stop(error: WscError): void {
    this.#link = undefined;
    this.#closedError = error;
    this.resumption.clear();
    this.#requests.failAll(error);
    this.#outbox.clear(error);
    this.rooms.clear();
  }

  receive(envelope: ServerEnvelope): void {
    switch (envelope.type) {
      case 'notify':
        this.#receiveMessage(envelope);
        break;
      case 'response':
        this.#requests.settle(envelope);
        break;
      case 'error':
        this.#receiveError(envelope);
        break;
      case 'ping':
        this.#sendDirectly({ type: 'pong' });
        break;
      case 'goodbye':
        // New requests would only be refused (PROTOCOL.md §3.6): they wait for the next connection.
        this.#outbox.detach();
        break;
      case 'welcome':
      case 'pong':
        break;
    }
  }

  ping(): void {
    this.#sendDirectly({ type: 'ping' });
  }

  /** @throws {WscError} where the message can neither be sent nor wait */
  notify(event: string, data: unknown): void {
    if (this.#closedError !== undefined) throw this.#closedError;
    const encoded = this.#encoder.encode({ type: 'notify', form: 'wsc', event: parseName(event, 'event'), data });
    this.#outbox.send({
      ...encoded,
      onSent: () => undefined,
      onDropped: (error) => this.#errors.report(error, { source: 'queue', event }),
    });
  }

  /** Gives every answer to `sink`. Returns a function that forgets the request. */
  askEach(request: NewRequest, sink: AnswerSink): () => void {
    if (this.#closedError === undefined) return this.#requests.start(request, sink);
    sink.onFailed(this.#closedError);
    return () => undefined;
  }

  /** Resolves with what `reader` makes of the last answer; of the last item where that is empty (PROTOCOL.md §3.2). */
  ask<T>(request: NewRequest, reader: AnswerReader<T>): Promise<T> {
    const answer = createDeferred<T>();
    let lastItem: { readonly data: unknown } | undefined;
    const onFailed = (error: unknown): void => {
      reader.onFailed?.(error);
      answer.reject(error);
    };
    const onDone = (data: unknown): void => {
      const isEmpty = data === null || data === undefined;
      try {
        answer.resolve(reader.read(isEmpty && lastItem !== undefined ? lastItem.data : data));
      } catch (error) {
        onFailed(error);
      }
    };
    const onItem = (data: unknown): void => {
      lastItem = { data };
    };
    this.askEach(request, { onItem, onDone, onFailed });
    return answer.promise;
  }

  /** The client's own message to a room was stored: it is part of what the client has had. */
  sent(room: string, { id, offset, epoch }: SentMessage): void {
    if (offset === undefined || epoch === undefined) return;
    this.#positions.get(room)?.sent({ offset, epoch });
    this.#positions.touch();
    // A later connection is not the one that sent it, and would get it.
    this.messages.remember({ id, room, from: this.#userId });
  }

  createRequest(event: string, data: unknown, options: RepeatableOptions): NewRequest {
    const id = options.id ?? (options.idempotent === true ? createId() : undefined);
    const timeoutMs = options.timeoutMs ?? this.#requestTimeoutMs;
    const canRepeat = id !== undefined || options.canRepeat === true;
    const { signal, goesFirst = false } = options;
    return { event, data, id, canRepeat, goesFirst, timeoutMs, signal };
  }

  #receiveMessage(envelope: ServerNotifyEnvelope): void {
    const { event, room, offset, epoch, prevOffset } = envelope;
    if (event === 'room_closed') this.rooms.forget(closedRoom(envelope));
    if (room === undefined && offset !== undefined && epoch !== undefined) {
      this.resumption.inbox.came({ offset, epoch }, prevOffset ?? offset - 1);
    }
    if (this.rooms.receive(envelope)) this.messages.receive(envelope);
  }

  #finished(message: ServerNotifyEnvelope): void {
    const place = parsePosition(message);
    if (message.room === undefined || place === undefined) return;
    const cursor = this.#positions.get(message.room);
    if (cursor === undefined) return;
    cursor.handled(place);
    this.#positions.touch();
  }

  #receiveError(envelope: ErrorEnvelope): void {
    if (envelope.requestId !== undefined) this.#requests.settle(envelope);
    else this.#errors.report(errorOf(envelope), { source: 'server' });
  }

  /** For envelopes that belong to this connection and mean nothing on the next. */
  #sendDirectly(envelope: ClientEnvelope): void {
    if (this.#link?.isWritable === true) this.#link.send(this.#encoder.encode(envelope).payload);
  }
}

function closedRoom({ data, room }: ServerNotifyEnvelope): string {
  const named = readKey(data, 'room');
  return typeof named === 'string' ? named : (room ?? '');
}

// Not randomUUID, which browsers have on secure origins only.
function createId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
