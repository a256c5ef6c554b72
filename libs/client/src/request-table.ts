import {
  parseId,
  parseName,
  WscError,
  type ErrorEnvelope,
  type RequestEnvelope,
  type ResponseEnvelope,
} from '@nest-wsc/protocol';
import type { Outgoing } from './offline-queue.js';
import type { EnvelopeEncoder } from './envelope-encoder.js';
import type { Outbox } from './outbox.js';
import type { Cancel, Scheduler } from './scheduler.js';

/** How long one request may take. */
export interface AskOptions {
  /** Longest silence before the answer, in milliseconds; time without a connection counts. `0` is no limit. @default 10_000 */
  readonly timeoutMs?: number | undefined;
  /** Gives the request up; its promise rejects with the signal's reason. What is sent already may still take effect. */
  readonly signal?: AbortSignal | undefined;
}

/** How one request is made. */
export interface RequestOptions extends AskOptions {
  /**
   * Idempotency id, 1 to 64 characters. The gateway gives a repeat the first answer, so the client may send the request
   * again after a broken connection, and so may the caller (PROTOCOL.md §2.6).
   */
  readonly id?: string | undefined;
  /** Makes an `id`. @default false */
  readonly idempotent?: boolean | undefined;
}

/** {@link RequestOptions} of a request that may be sent again even without an id, since to do it twice is to do it once. */
export interface RepeatableOptions extends RequestOptions {
  readonly canRepeat?: boolean;
  readonly goesFirst?: boolean;
}

/** Takes the answers to one request: any number of items, then exactly one end. */
export interface AnswerSink {
  onItem(data: unknown): void;
  onDone(data: unknown): void;
  onFailed(error: unknown): void;
}

/** Takes the one answer to a request in the turn in which it comes: what it lets follow may be heard in the same turn. */
export interface AnswerReader<T> {
  /** What it throws fails the request. */
  read(answer: unknown): T;
  onFailed?: ((error: unknown) => void) | undefined;
}

/** A request on its way in. */
export interface NewRequest {
  readonly event: string;
  readonly data: unknown;
  readonly id: string | undefined;
  /** Whether it may be sent again after a broken connection. */
  readonly canRepeat: boolean;
  /** Whether it leaves before what waits, since it restores the connection's state. */
  readonly goesFirst: boolean;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

interface OpenRequest {
  readonly requestId: string;
  readonly request: NewRequest;
  readonly sink: AnswerSink;
  readonly outgoing: Outgoing;
  wasSent: boolean;
  /** Whether a connection that it was sent on is gone. */
  mustRepeat: boolean;
  hasItems: boolean;
  cancelTimer: Cancel | undefined;
  readonly onAbort: () => void;
}

// A program that has more open than this is not waiting for its answers.
const maxOpenRequests = 1_000;

/** The requests that wait for an answer. */
export class RequestTable {
  readonly #open = new Map<string, OpenRequest>();
  readonly #outbox: Outbox;
  readonly #encoder: EnvelopeEncoder;
  readonly #scheduler: Scheduler;
  #count = 0;
  #isStarted = false;

  constructor(outbox: Outbox, encoder: EnvelopeEncoder, scheduler: Scheduler) {
    this.#outbox = outbox;
    this.#encoder = encoder;
    this.#scheduler = scheduler;
  }

  get count(): number {
    return this.#open.size;
  }

  /** `connect()` was called: from now on there will be a connection, or an error that says why not. */
  started(): void {
    this.#isStarted = true;
  }

  /** Sends or queues a request; whatever comes of it goes to `sink`. Returns a function that forgets it. */
  start(request: NewRequest, sink: AnswerSink): () => void {
    let entry: OpenRequest | undefined;
    try {
      request.signal?.throwIfAborted();
      entry = this.#register(request, sink);
      if (request.goesFirst) this.#outbox.sendFirst(entry.outgoing);
      else this.#outbox.send(entry.outgoing);
    } catch (error) {
      if (entry !== undefined) this.#remove(entry);
      sink.onFailed(error);
    }
    return () => {
      if (entry !== undefined) this.#withdraw(entry);
    };
  }

  /** Gives an answer to its request. A late one, after a time-out, is ignored. */
  settle(envelope: ResponseEnvelope | ErrorEnvelope): void {
    const entry = envelope.requestId === undefined ? undefined : this.#open.get(envelope.requestId);
    if (entry === undefined) return;
    if (envelope.type === 'error') {
      const error = errorOf(envelope);
      // Refused is only the repeat: what was sent before may have taken effect.
      this.#fail(entry, entry.mustRepeat ? withOutcome(error, entry) : error);
    } else if (envelope.more === true) {
      entry.hasItems = true;
      this.#startTimer(entry);
      entry.sink.onItem(envelope.data);
    } else {
      this.#remove(entry);
      entry.sink.onDone(envelope.data);
    }
  }

  /** The connection is gone: what was sent and can't be repeated fails, with an unknown outcome; the rest waits for {@link repeat}. */
  failUnrepeatable(error: WscError): void {
    for (const entry of [...this.#open.values()]) {
      if (!entry.wasSent) continue;
      if (entry.request.canRepeat && !entry.hasItems) entry.mustRepeat = true;
      else this.#fail(entry, error);
    }
  }

  /** Fails everything that was sent, repeatable or not. */
  failSent(error: WscError): void {
    for (const entry of [...this.#open.values()]) if (entry.wasSent) this.#fail(entry, error);
  }

  /** There will be no connection. */
  failAll(error: WscError): void {
    for (const entry of [...this.#open.values()]) this.#fail(entry, withOutcome(error, entry));
  }

  /** Sends again what the last connection left without an answer. */
  repeat(): void {
    for (const entry of [...this.#open.values()]) {
      if (entry.mustRepeat) this.#outbox.sendFirst(entry.outgoing);
    }
  }

  #register(request: NewRequest, sink: AnswerSink): OpenRequest {
    if (this.#open.size >= maxOpenRequests) {
      throw new WscError('WSC_LIMIT_EXCEEDED', { message: `${maxOpenRequests} requests wait for an answer already.` });
    }
    this.#count += 1;
    const requestId = this.#count.toString(36);
    const entry: OpenRequest = {
      requestId,
      request,
      sink,
      outgoing: {
        ...this.#encoder.encode(toEnvelope(request, requestId)),
        onSent: () => {
          entry.wasSent = true;
        },
        onDropped: (error) => this.#fail(entry, withOutcome(error, entry)),
      },
      wasSent: false,
      mustRepeat: false,
      hasItems: false,
      cancelTimer: undefined,
      onAbort: () => this.#fail(entry, request.signal?.reason),
    };
    this.#open.set(requestId, entry);
    request.signal?.addEventListener('abort', entry.onAbort, { once: true });
    this.#startTimer(entry);
    return entry;
  }

  #startTimer(entry: OpenRequest): void {
    entry.cancelTimer?.();
    if (entry.request.timeoutMs === 0) return;
    entry.cancelTimer = this.#scheduler.after(entry.request.timeoutMs, () =>
      this.#fail(entry, timedOut(entry, this.#isStarted)),
    );
  }

  #fail(entry: OpenRequest, error: unknown): void {
    if (this.#withdraw(entry)) entry.sink.onFailed(error);
  }

  #withdraw(entry: OpenRequest): boolean {
    this.#outbox.withdraw(entry.outgoing);
    return this.#remove(entry);
  }

  #remove(entry: OpenRequest): boolean {
    entry.cancelTimer?.();
    entry.request.signal?.removeEventListener('abort', entry.onAbort);
    return this.#open.delete(entry.requestId);
  }
}

function toEnvelope({ event, data, id }: NewRequest, requestId: string): RequestEnvelope {
  const envelope = { type: 'request', form: 'wsc', event: parseName(event, 'event'), data, requestId } as const;
  return id === undefined ? envelope : { ...envelope, id: parseId(id) };
}

/** Only what was never sent is sure to have taken no effect. */
function withOutcome(error: WscError, { wasSent }: OpenRequest): WscError {
  const { message, details, retryAfterMs, cause } = error;
  const outcome = wasSent ? 'unknown' : 'failed';
  const isRecord = typeof details === 'object' && details !== null && !Array.isArray(details);
  const known = isRecord || details === undefined ? details : { refusal: details };
  return new WscError(error.error, { message, details: { ...known, outcome }, retryAfterMs, cause });
}

function timedOut({ request, wasSent }: OpenRequest, isStarted: boolean): WscError {
  const message = wasSent
    ? `"${request.event}" got no answer within ${request.timeoutMs} ms.`
    : `"${request.event}" could not be sent within ${request.timeoutMs} ms${isStarted ? '' : ': connect() was never called'}.`;
  return new WscError('WSC_TIMEOUT', { message, details: { outcome: wasSent ? 'unknown' : 'failed' } });
}

/** What the gateway answered, as an error; its trace id is in `cause`. */
export function errorOf({ error, message, details, retryAfterMs, traceId }: ErrorEnvelope): WscError {
  return new WscError(error, { message, details, retryAfterMs, cause: { traceId } });
}
