import {
  closeCodes,
  parseName,
  WscError,
  type ClientEnvelope,
  type ErrorEnvelope,
  type ServerEnvelope,
  type ServerNotifyEnvelope,
} from '@nest-wsc/protocol';
import { AckBatch } from './ack-batch.js';
import { EnvelopeEncoder } from './envelope-encoder.js';
import type { ErrorReporter } from './error-reporter.js';
import type { Link, LinkEnd } from './link.js';
import { MessageRouter } from './message-router.js';
import type { ResolvedOptions } from './options.js';
import { Outbox } from './outbox.js';
import { readKey } from './read-key.js';
import { errorOf, RequestTable, type AnswerSink, type NewRequest, type RepeatableOptions } from './request-table.js';
import { RoomTracker } from './room-tracker.js';
import { createDeferred } from './settle.js';

/** What is said over the connections of a client, one after the other: messages, requests, acks, rooms. */
export class Exchange {
  readonly messages: MessageRouter;
  readonly rooms: RoomTracker;
  readonly #errors: ErrorReporter;
  readonly #encoder: EnvelopeEncoder;
  readonly #outbox: Outbox;
  readonly #requests: RequestTable;
  readonly #requestTimeoutMs: number;
  #link: Link | undefined;
  #closedError: WscError | undefined;

  constructor(options: ResolvedOptions, errors: ErrorReporter) {
    const { scheduler } = options;
    this.#errors = errors;
    this.#requestTimeoutMs = options.requestTimeoutMs;
    this.#encoder = new EnvelopeEncoder(options.codec);
    this.#outbox = new Outbox(options.queue, scheduler);
    this.#requests = new RequestTable(this.#outbox, this.#encoder, scheduler);
    this.rooms = new RoomTracker(errors, scheduler);
    const acks = new AckBatch((ids) => this.#sendDirectly({ type: 'ack', ids }));
    this.messages = new MessageRouter({
      errors,
      recentIdsCount: options.recentIdsCount,
      acknowledge: (id) => acks.add(id),
    });
  }

  /** From now on messages may be given, and wait for a connection. */
  start(): void {
    this.#closedError = undefined;
    this.#requests.started();
  }

  /** A connection is up: rooms first, then what the last one left unanswered, then what waited. */
  connected(link: Link, maxMessageBytes: number): void {
    this.#link = link;
    this.#outbox.attach(link, maxMessageBytes);
    this.rooms.rejoin((event, room) => this.#rejoin(event, room));
    this.#requests.repeat();
    this.#outbox.flush();
  }

  /** The connection is gone: what was sent and can't be repeated fails, the rest waits for the next one. */
  disconnected(end: LinkEnd): void {
    this.#link = undefined;
    this.#outbox.detach();
    this.rooms.disconnected();
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

  /** Resolves with the last answer; with the last item where that is empty (PROTOCOL.md §3.2). */
  ask<T>(request: NewRequest): Promise<T> {
    const answer = createDeferred<T>();
    let lastItem: { readonly data: T } | undefined;
    const sink: AnswerSink = {
      onItem: (data: T) => {
        lastItem = { data };
      },
      onDone: (data: T) =>
        answer.resolve(lastItem !== undefined && (data === null || data === undefined) ? lastItem.data : data),
      onFailed: (error) => answer.reject(error),
    };
    this.askEach(request, sink);
    return answer.promise;
  }

  createRequest(event: string, data: unknown, options: RepeatableOptions): NewRequest {
    const id = options.id ?? (options.idempotent === true ? createId() : undefined);
    const timeoutMs = options.timeoutMs ?? this.#requestTimeoutMs;
    const canRepeat = id !== undefined || options.canRepeat === true;
    const { signal, goesFirst = false } = options;
    return { event, data, id, canRepeat, goesFirst, timeoutMs, signal };
  }

  #rejoin(event: string, room: string): Promise<unknown> {
    return this.ask(this.createRequest(event, { room }, { goesFirst: true }));
  }

  #receiveMessage(envelope: ServerNotifyEnvelope): void {
    if (envelope.event === 'room_closed') this.rooms.forget(closedRoom(envelope));
    this.messages.receive(envelope);
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
