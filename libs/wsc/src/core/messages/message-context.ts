import type { ClientNotifyEnvelope, EnvelopeForm, RequestEnvelope } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';

/** A message from a client on its way to its handler. */
export class MessageContext {
  readonly connection: Connection;
  readonly event: string;
  readonly kind: 'request' | 'notify';
  readonly form: EnvelopeForm;
  readonly requestId: string | undefined;
  /** Idempotency id chosen by the client. */
  readonly idempotencyId: string | undefined;
  /** 32 hexadecimal digits; stands on every answer and in the log. */
  readonly traceId: string;
  /** The data; an inbound interceptor may have replaced it. */
  data: unknown;
  #abort: AbortController | undefined;
  /** Few messages have something to do then. */
  #afterAnswer: (() => void) | undefined;
  #isAborted = false;

  constructor(connection: Connection, envelope: RequestEnvelope | ClientNotifyEnvelope, traceId: string) {
    this.connection = connection;
    this.event = envelope.event;
    this.kind = envelope.type;
    this.form = envelope.form;
    this.requestId = envelope.type === 'request' ? envelope.requestId : undefined;
    this.idempotencyId = envelope.id;
    this.traceId = traceId;
    this.data = envelope.data;
  }

  /** Aborted when the connection is gone. Made when first asked for. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#isAborted) this.#abort.abort();
    }
    return this.#abort.signal;
  }

  /** What comes behind the answer, whatever it is. Called once at most. @internal */
  afterAnswer(callback: () => void): void {
    this.#afterAnswer = callback;
  }

  /** The answer is queued. @internal */
  answered(): void {
    const callback = this.#afterAnswer;
    this.#afterAnswer = undefined;
    callback?.();
  }

  abort(): void {
    this.#isAborted = true;
    this.#abort?.abort();
  }
}
