import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { EventBus } from '../extensions/events.js';
import type { Hooks } from '../extensions/hooks.js';
import type { HubLimits } from '../hub-options.js';
import type { InterceptorChain } from '../extensions/interceptors.js';
import { fingerprintOf } from '../idempotency/fingerprint.js';
import type { ClaimedRuns } from '../idempotency/claimed-runs.js';
import type { IdempotencyTable } from '../idempotency/idempotency-table.js';
import { isA } from '../async/as-error.js';
import { isPromiseLike, type MaybePromise } from '../async/maybe-promise.js';
import type { MessageContext } from '../messages/message-context.js';
import type { ComposedMiddleware } from '../extensions/middleware.js';
import { answerSourceOf, forEachAnswer, type AnswerSource } from './answer-stream.js';
import type { Answers } from './answers.js';
import { ClosingError } from './closing-error.js';
import type { Route, RouteTable } from './route-table.js';
import { runOnce } from './run-once.js';

/** What a {@link Pipeline} needs. */
export interface PipelineDependencies {
  readonly routes: RouteTable;
  readonly hooks: Hooks<Connection, MessageContext>;
  readonly interceptors: InterceptorChain<Connection>;
  readonly idempotency: IdempotencyTable;
  /** Absent: this node is alone. */
  readonly claimedRuns: ClaimedRuns | undefined;
  readonly answers: Answers;
  readonly events: EventBus;
  readonly limits: () => HubLimits;
  /** All message middleware, composed; undefined where there is none. */
  readonly middleware: () => ComposedMiddleware<MessageContext> | undefined;
}

/**
 * The way of one message to its handler and back: callbacks, middleware, inbound interceptors, handler, answer.
 * Synchronous where every part of it is.
 */
export class Pipeline {
  readonly #deps: PipelineDependencies;

  constructor(dependencies: PipelineDependencies) {
    this.#deps = dependencies;
  }

  /** Settles once the message is answered. Never throws. */
  run(context: MessageContext, route: Route | undefined): MaybePromise<void> {
    try {
      if (route === undefined) throw new WscError('WSC_UNKNOWN_EVENT');
      this.#tell(context);
      const answered = this.#execute(context, route);
      if (!isPromiseLike(answered)) return;
      return Promise.resolve(answered).catch((error: unknown) => this.#refuse(context, error));
    } catch (error) {
      this.#refuse(context, error);
    }
  }

  #refuse(context: MessageContext, error: unknown): void {
    try {
      this.#deps.answers.refuse(context, error);
    } catch {
      // The error itself throws where it is read; its client gets its one answer all the same.
      this.#deps.answers.refuse(context, new WscError('WSC_INTERNAL'));
    }
    context.answered();
    if (isA(ClosingError, error)) context.connection.close(error.how);
  }

  #tell(context: MessageContext): void {
    const { events } = this.#deps;
    if (!events.hasListeners('message.received')) return;
    const { id: connectionId, userId } = context.connection;
    events.emit('message.received', {
      connectionId,
      ...(userId !== undefined && { userId }),
      data: { event: context.event, traceId: context.traceId },
    });
  }

  #execute(context: MessageContext, route: Route): MaybePromise<void> {
    const result = this.#result(context, route, fingerprintToKeep(context, route));
    if (isPromiseLike(result)) return Promise.resolve(result).then((value) => this.#answer(context, value));
    return this.#answer(context, result);
  }

  /** A repeat passes all that may refuse it; only its handler is not called again. */
  #result(context: MessageContext, route: Route, fingerprint: string | undefined): unknown {
    const { hooks } = this.#deps;
    const middleware = this.#deps.middleware();
    // Most applications have neither: nothing is made for them then.
    if (middleware === undefined && !hooks.hasMessageHooks) return this.#intercepted(context, route, fingerprint);
    const proceed = (): unknown => this.#intercepted(context, route, fingerprint);
    const inner = (): unknown => (middleware === undefined ? proceed() : middleware(context, proceed));
    if (!hooks.hasMessageHooks) return inner();
    const before = hooks.message(context);
    return isPromiseLike(before) ? Promise.resolve(before).then(inner) : inner();
  }

  #intercepted(context: MessageContext, route: Route, fingerprint: string | undefined): unknown {
    const { interceptors } = this.#deps;
    if (interceptors.isEmptyInbound) return this.#guarded(context, route, fingerprint);
    const passed = interceptors.inbound({ event: context.event, data: context.data }, context.connection);
    const proceed = (message: { readonly data: unknown } | undefined): unknown => {
      if (message === undefined) throw new WscError('WSC_FORBIDDEN');
      context.data = message.data;
      return this.#guarded(context, route, fingerprint);
    };
    return passed instanceof Promise ? passed.then(proceed) : proceed(passed);
  }

  #guarded(context: MessageContext, route: Route, fingerprint: string | undefined): unknown {
    const guard = route.isBuiltIn === true ? this.#deps.routes.builtInGuard : undefined;
    const guarded = guard?.(context);
    if (isPromiseLike(guarded)) return Promise.resolve(guarded).then(() => this.#handle(context, route, fingerprint));
    return this.#handle(context, route, fingerprint);
  }

  #handle(context: MessageContext, route: Route, fingerprint: string | undefined): unknown {
    if (fingerprint === undefined) return route.handler(context.data, context);
    const { idempotency: table, claimedRuns } = this.#deps;
    const request = { context, fingerprint, isRepeatable: route.isRepeatable };
    return runOnce({ table, claimedRuns }, request, () => route.handler(context.data, context));
  }

  #answer(context: MessageContext, value: unknown): MaybePromise<void> {
    const source = answerSourceOf(value);
    if (source !== undefined) return this.#answerEach(context, source);
    this.#deps.answers.respond(context, value);
    context.answered();
  }

  /** Each value is an answer with `more`, then exactly one without it. In the stock form each is an answer of its own. */
  async #answerEach(context: MessageContext, source: AnswerSource): Promise<void> {
    const { answers } = this.#deps;
    const max = this.#deps.limits().maxAnswersPerRequest;
    let count = 0;
    await forEachAnswer(source, context.signal, (value) => {
      count += 1;
      if (max > 0 && count > max)
        throw new WscError('WSC_LIMIT_EXCEEDED', { message: `A request may have ${String(max)} answers.` });
      answers.respond(context, value, true);
    });
    if (context.form !== 'stock') answers.respond(context, null);
    context.answered();
  }
}

/** Of what the client sent, before anything on the way changes it. Undefined where an id has no meaning. */
function fingerprintToKeep(context: MessageContext, route: Route): string | undefined {
  if (context.idempotencyId === undefined || route.isConnectionBound === true) return undefined;
  return fingerprintOf(context.event, context.data, context.connection.principal);
}
