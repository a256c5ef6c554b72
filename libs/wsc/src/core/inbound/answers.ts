import { DecodeError, WscError, type ErrorEnvelope, type ResponseEnvelope } from '@nest-wsc/protocol';
import { isA } from '../async/as-error.js';
import { CustomError } from './custom-error.js';
import type { Connection } from '../connections/connection.js';
import type { Hooks } from '../extensions/hooks.js';
import type { InterceptorChain } from '../extensions/interceptors.js';
import { createMessageId, traceIdFrom } from '../ids.js';
import type { MessageContext } from '../messages/message-context.js';
import { cannotWrite } from '../messages/delivery.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Counters } from '../stats.js';

/** What {@link Answers} needs. */
export interface AnswersDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly hooks: Hooks<Connection, MessageContext>;
  readonly interceptors: InterceptorChain<Connection>;
}

/** What an answer belongs to. */
export type AnswerContext = Pick<MessageContext, 'connection' | 'event' | 'kind' | 'form' | 'requestId' | 'traceId'>;

/** Writes responses and errors: exactly one final answer per request, and never internal text. */
export class Answers {
  readonly #deps: AnswersDependencies;

  constructor(dependencies: AnswersDependencies) {
    this.#deps = dependencies;
  }

  /** Answers a request; a notification has no answer, and in the stock form nor has a handler that returns nothing. */
  respond(context: AnswerContext, data: unknown, more = false): void {
    if (context.kind === 'notify') return;
    if (context.form === 'stock' && (data === undefined || data === null)) return;
    try {
      const passed = writable(this.#intercept(context, data ?? null));
      context.connection.pushEnvelope(this.#response(context, passed, more));
    } catch (error) {
      throw isA(WscError, error) ? error : cannotWrite(context.event, error);
    }
  }

  /** Refuses a message, in the form in which it came. What isn't a `WscError` is logged and becomes `WSC_INTERNAL`. */
  refuse(context: AnswerContext, error: unknown): void {
    this.#deps.counters.errors += 1;
    const shown = this.#shown(context, error);
    const requestId = context.kind === 'notify' ? undefined : context.requestId;
    const envelope: ErrorEnvelope = {
      type: 'error',
      form: context.form,
      event: context.event,
      ...(requestId !== undefined && { requestId }),
      code: shown.code,
      error: shown.error,
      message: shown.message,
      ...(shown.details !== undefined && { details: shown.details }),
      ...(isA(CustomError, shown) && { body: shown.body }),
      ...(shown.retryAfterMs !== undefined && { retryAfterMs: shown.retryAfterMs }),
      traceId: context.traceId,
      timestamp: this.#deps.clock.now(),
    };
    this.#push(context, envelope);
  }

  /** Refuses something that could not be read, or was not looked at. */
  refuseUnread(connection: Connection, error: WscError): void {
    const known = error instanceof DecodeError ? error : undefined;
    this.refuse(
      {
        connection,
        event: known?.event ?? '',
        kind: 'request',
        form: known?.form ?? 'wsc',
        requestId: known?.requestId,
        traceId: traceIdFrom(undefined),
      },
      error,
    );
  }

  #response(context: AnswerContext, data: unknown, more: boolean): ResponseEnvelope {
    // One literal with every field, so that all of them have one shape.
    return {
      type: 'response',
      form: context.form,
      event: context.event,
      requestId: context.requestId,
      data,
      more,
      traceId: context.traceId,
      timestamp: this.#deps.clock.now(),
    };
  }

  #intercept({ connection, event, requestId }: AnswerContext, data: unknown): unknown {
    const { interceptors, clock } = this.#deps;
    if (interceptors.isEmptyOutbound) return data;
    const target = {
      kind: 'response',
      connectionId: connection.id,
      ...(requestId !== undefined && { requestId }),
    } as const;
    const message = {
      id: requestId ?? createMessageId(),
      event,
      data,
      priority: 'normal',
      timestamp: clock.now(),
    } as const;
    const passed = interceptors.outbound(message, target);
    if (passed === undefined) throw new WscError('WSC_FORBIDDEN');
    return passed.data;
  }

  /** Where even the details can't be written, the client still gets its one answer. */
  #push(context: AnswerContext, envelope: ErrorEnvelope): void {
    try {
      context.connection.pushEnvelope(envelope);
    } catch (cause) {
      this.#deps.logger.error('The details of an error could not be written.', { event: context.event, cause });
      const { details: _details, body: _body, ...rest } = envelope;
      context.connection.pushEnvelope(rest);
    }
  }

  #shown(context: AnswerContext, error: unknown): WscError {
    if (isA(WscError, error) && error.error !== 'WSC_INTERNAL') return error;
    const { logger, hooks } = this.#deps;
    logger.error('A handler failed.', {
      event: context.event,
      traceId: context.traceId,
      connectionId: context.connection.id,
      cause: error,
    });
    hooks.error(error, context.connection);
    return new WscError('WSC_INTERNAL');
  }
}

/** JSON leaves a field out whose value it has no text for; an answer has its `data` always (PROTOCOL.md §3.2). */
function writable(data: unknown): unknown {
  if (typeof data === 'function' || typeof data === 'symbol') return null;
  if (!hasToJson(data)) return data ?? null;
  // Called here instead of by JSON.stringify, which leaves the field out where it answers undefined.
  const written = data.toJSON('data');
  // JSON.stringify would not ask once more, either.
  return hasToJson(written) ? { toJSON: () => written } : writable(written);
}

function hasToJson(data: unknown): data is { toJSON(key: string): unknown } {
  return typeof data === 'object' && data !== null && 'toJSON' in data && typeof data.toJSON === 'function';
}
