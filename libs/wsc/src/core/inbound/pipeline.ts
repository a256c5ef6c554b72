import { WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { EventBus } from '../extensions/events.js';
import type { Hooks } from '../extensions/hooks.js';
import type { HubLimits } from '../hub-options.js';
import type { InterceptorChain } from '../extensions/interceptors.js';
import { fingerprintOf } from '../idempotency/fingerprint.js';
import type { StoredAnswer } from '../idempotency/idempotency-owner.js';
import type { IdempotencyTable } from '../idempotency/idempotency-table.js';
import { isA } from '../async/as-error.js';
import { isPromiseLike, type MaybePromise } from '../async/maybe-promise.js';
import type { MessageContext } from '../messages/message-context.js';
import type { ComposedMiddleware } from '../extensions/middleware.js';
import { answerSourceOf, forEachAnswer, type AnswerSource } from './answer-stream.js';
import type { Answers } from './answers.js';
import { ClosingError } from './closing-error.js';
import type { Route, RouteTable } from './route-table.js';

/** What a {@link Pipeline} needs. */
export interface PipelineDependencies {
  readonly routes: RouteTable;
  readonly hooks: Hooks<Connection, MessageContext>;
  readonly interceptors: InterceptorChain<Connection>;
  readonly idempotency: IdempotencyTable;
  readonly answers: Answers;
  readonly events: EventBus;
  readonly limits: () => HubLimits;
  /** All message middleware, composed. */
  readonly middleware: () => ComposedMiddleware<MessageContext>;
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
      const answered =
        context.idempotencyId === undefined
          ? this.#execute(context, route)
          : this.#executeOnce(context, route, context.idempotencyId);
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
    const result = this.#result(context, route);
    if (isPromiseLike(result)) return Promise.resolve(result).then((value) => this.#answer(context, value));
    return this.#answer(context, result);
  }

  /** At most one execution starts per id; a repeat gets the first answer (PROTOCOL.md §2.6). */
  async #executeOnce(context: MessageContext, route: Route, id: string): Promise<void> {
    const { connection } = context;
    const decision = this.#deps.idempotency.begin(
      connection.userId ?? connection.id,
      // A device id has no spaces (PROTOCOL.md §5), so two devices can't make the same id of theirs.
      `${connection.deviceId} ${id}`,
      fingerprintOf(context.event, context.data),
    );
    switch (decision.kind) {
      case 'conflict':
        throw new WscError('WSC_CONFLICT', { message: 'This id was used for another request.' });
      case 'full':
        throw new WscError('WSC_LIMIT_EXCEEDED', { message: 'Too many requests with an id are running.' });
      case 'repeat': {
        this.#repeat(context, await decision.answer);
        return;
      }
      case 'new':
        return this.#first(context, route, decision.settle);
    }
  }

  async #first(
    context: MessageContext,
    route: Route,
    settle: (answer: StoredAnswer, keep: boolean) => void,
  ): Promise<void> {
    try {
      const value = await this.#result(context, route);
      const isStream = answerSourceOf(value) !== undefined;
      settle(isStream ? { ok: false, error: streamIsNotRepeated() } : { ok: true, data: value }, true);
      await this.#answer(context, value);
    } catch (cause) {
      const error = isA(WscError, cause) ? cause : new WscError('WSC_INTERNAL', { cause });
      // Settling twice does nothing: an answer that could not be written was still an execution.
      settle({ ok: false, error }, !error.temporary);
      throw cause;
    }
  }

  #repeat(context: MessageContext, answer: StoredAnswer): void {
    if (!answer.ok) throw answer.error;
    this.#deps.answers.respond(context, answer.data);
  }

  #result(context: MessageContext, route: Route): unknown {
    const { hooks, middleware } = this.#deps;
    const inner = (): unknown => middleware()(context, () => this.#intercepted(context, route));
    if (!hooks.hasMessageHooks) return inner();
    const before = hooks.message(context);
    return isPromiseLike(before) ? Promise.resolve(before).then(inner) : inner();
  }

  #intercepted(context: MessageContext, route: Route): unknown {
    const { interceptors } = this.#deps;
    if (interceptors.isEmptyInbound) return this.#handle(context, route);
    const passed = interceptors.inbound({ event: context.event, data: context.data }, context.connection);
    const proceed = (message: { readonly data: unknown } | undefined): unknown => {
      if (message === undefined) throw new WscError('WSC_FORBIDDEN');
      context.data = message.data;
      return this.#handle(context, route);
    };
    return passed instanceof Promise ? passed.then(proceed) : proceed(passed);
  }

  #handle(context: MessageContext, route: Route): unknown {
    const guard = route.isBuiltIn === true ? this.#deps.routes.builtInGuard : undefined;
    const guarded = guard?.(context);
    if (isPromiseLike(guarded)) return Promise.resolve(guarded).then(() => route.handler(context.data, context));
    return route.handler(context.data, context);
  }

  #answer(context: MessageContext, value: unknown): MaybePromise<void> {
    const source = answerSourceOf(value);
    if (source === undefined) this.#deps.answers.respond(context, value);
    else return this.#answerEach(context, source);
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
  }
}

function streamIsNotRepeated(): WscError {
  return new WscError('WSC_CONFLICT', {
    message: 'This request was answered by a stream, which is not kept.',
    details: 'unknown',
  });
}
