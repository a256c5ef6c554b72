import {
  DecodeError,
  WscError,
  type ClientEnvelope,
  type ClientNotifyEnvelope,
  type RequestEnvelope,
} from '@nest-wsc/protocol';
import { countOf, itemsOf, withItem, withoutItem, type OneOrMany } from '../collections/one-or-many.js';
import type { InboundReceiver } from '../connections/connection-host.js';
import type { Connection } from '../connections/connection.js';
import type { HubLimits } from '../hub-options.js';
import { traceIdFrom } from '../ids.js';
import type { InboxReaders } from '../inbox/inbox-readers.js';
import { MessageContext } from '../messages/message-context.js';
import type { AckTable } from '../messages/ack-table.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Counters } from '../stats.js';
import type { Answers } from './answers.js';
import type { InFlight } from './in-flight.js';
import { looksLikeControl } from './looks-like-control.js';
import { messageRateFor, type MessageRate, type RateVerdict } from './message-rate.js';
import type { Pipeline } from './pipeline.js';
import type { Route, RouteTable } from './route-table.js';

/** What an {@link Inbound} needs; one for all connections. */
export interface InboundDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: () => HubLimits;
  readonly counters: Counters;
  readonly routes: RouteTable;
  readonly pipeline: Pipeline;
  readonly answers: Answers;
  readonly acks: AckTable;
  readonly inboxReaders: InboxReaders;
  readonly inFlight: InFlight;
  /** New requests are refused: `goodbye` was said. */
  readonly isDraining: () => boolean;
}

type Message = RequestEnvelope | ClientNotifyEnvelope;

const minuteMs = 60_000;

/**
 * What comes in on one connection: read, limited, and started in the order of arrival. Handlers overlap up to a limit, then the
 * link is paused; exclusive ones (join, leave, refresh) finish before the next starts.
 */
export class Inbound implements InboundReceiver {
  readonly #connection: Connection;
  readonly #deps: InboundDependencies;
  readonly #rate: MessageRate;
  #running: OneOrMany<MessageContext> | undefined;
  /** Undefined while nothing waits. */
  #waiting: Message[] | undefined;
  #isHeld: boolean;
  #isExclusive = false;
  #isPaused = false;
  /** Messages that could not be read, within a minute. */
  #unreadable: { since: number; count: number } | undefined;

  constructor(connection: Connection, dependencies: InboundDependencies) {
    this.#connection = connection;
    this.#deps = dependencies;
    this.#isHeld = connection.state === 'connecting';
    this.#rate = messageRateFor(dependencies.limits(), dependencies.clock.monotonic());
  }

  receive(payload: string | Uint8Array): void {
    const { counters, clock } = this.#deps;
    counters.messagesReceived += 1;
    counters.bytesReceived += payload.length;
    const now = clock.monotonic();
    if (this.#rate.isExhausted(now) && (this.#rate.isControlExhausted(now) || !looksLikeControl(payload))) {
      this.#refuseUnread(payload, now);
      return;
    }
    const envelope = this.#decode(payload, now);
    if (envelope !== undefined) this.#accept(envelope, now);
  }

  release(): void {
    this.#isHeld = false;
    this.#start();
  }

  stop(): void {
    this.#waiting = undefined;
  }

  abort(): void {
    this.stop();
    for (const context of itemsOf(this.#running)) context.abort();
  }

  #decode(payload: string | Uint8Array, now: number): ClientEnvelope | undefined {
    try {
      return this.#connection.encoding.codec.decode(payload, this.#deps.limits().decode);
    } catch (error) {
      this.#invalid(error instanceof WscError ? error : new DecodeError('WSC_INVALID_ENVELOPE', { cause: error }), now);
      return undefined;
    }
  }

  /** Reads only what is answered, once a second at most, so that the answer says whose it is. */
  #refuseUnread(payload: string | Uint8Array, now: number): void {
    const verdict = this.#rate.takeMessage(now);
    if (verdict.kind !== 'refuse') {
      this.#overRate(verdict);
      return;
    }
    const envelope = this.#peek(payload);
    this.#overRate(verdict, envelope?.type === 'request' || envelope?.type === 'notify' ? envelope : undefined);
  }

  #peek(payload: string | Uint8Array): ClientEnvelope | undefined {
    try {
      return this.#connection.encoding.codec.decode(payload, this.#deps.limits().decode);
    } catch {
      return undefined;
    }
  }

  #accept(envelope: ClientEnvelope, now: number): void {
    const connection = this.#connection;
    if (envelope.type === 'request' || envelope.type === 'notify') {
      const verdict = this.#rate.takeMessage(now);
      if (verdict.kind !== 'pass') {
        this.#overRate(verdict, envelope);
        return;
      }
      if (envelope.form === 'wsc' && connection.encoding.codec.canAck) connection.allowAcks();
      this.#enqueue(envelope);
      return;
    }
    const verdict = this.#rate.takeControl(now);
    if (verdict.kind !== 'pass') {
      this.#overRate(verdict);
      return;
    }
    switch (envelope.type) {
      case 'ack':
        this.#acknowledge(envelope.ids);
        return;
      case 'ping':
        connection.pushEnvelope({ type: 'pong', timestamp: this.#deps.clock.now() }, 'high');
        return;
      case 'pong':
        return;
    }
  }

  #acknowledge(ids: readonly string[]): void {
    const { userId, deviceId, id: connectionId } = this.#connection;
    const unknown = this.#deps.acks.settle({ userId, deviceId, connectionId }, ids);
    void this.#deps.inboxReaders.acknowledge(this.#connection, ids, unknown);
  }

  #enqueue(message: Message): void {
    if (this.#waiting === undefined && this.#mayStart()) {
      this.#run(message);
      return;
    }
    (this.#waiting ??= []).push(message);
    this.#pauseOrResume();
  }

  #start(): void {
    while (this.#waiting !== undefined && this.#mayStart()) {
      const message = this.#waiting.shift();
      if (this.#waiting.length === 0) this.#waiting = undefined;
      if (message !== undefined) this.#run(message);
    }
    this.#pauseOrResume();
  }

  #mayStart(): boolean {
    const { maxConcurrentHandlers } = this.#deps.limits();
    if (this.#isHeld || this.#isExclusive) return false;
    return maxConcurrentHandlers === 0 || countOf(this.#running) < maxConcurrentHandlers;
  }

  #run(message: Message): void {
    const { routes, pipeline, inFlight, answers, isDraining, logger } = this.#deps;
    const context = new MessageContext(this.#connection, message, traceIdFrom(message.traceparent));
    if (isDraining()) {
      answers.refuse(context, new WscError('WSC_UNAVAILABLE', { message: 'The server is shutting down.' }));
      return;
    }
    const route = routes.find(this.#connection.path, message.event);
    const running = pipeline.run(context, route);
    if (!(running instanceof Promise)) return;
    inFlight.enter();
    this.#running = withItem(this.#running, context);
    this.#isExclusive = route?.isExclusive === true;
    const finished = (): void => this.#finished(context, route);
    // The pipeline does not reject; but if it did, the process would end, were nobody to look.
    const failed = (cause: unknown): void => {
      logger.error('A message could not be answered.', { event: context.event, traceId: context.traceId, cause });
    };
    running
      .then(finished, (cause: unknown) => {
        failed(cause);
        finished();
      })
      .catch(failed);
  }

  #finished(context: MessageContext, route: Route | undefined): void {
    this.#running = withoutItem(this.#running, context);
    if (route?.isExclusive === true) this.#isExclusive = false;
    this.#deps.inFlight.leave();
    this.#start();
  }

  /** What was read before the pause still arrives and waits; that is at most what the transport had in hand. */
  #pauseOrResume(): void {
    const shouldPause = this.#waiting !== undefined;
    if (shouldPause === this.#isPaused || this.#isHeld) return;
    this.#isPaused = shouldPause;
    if (shouldPause) this.#connection.pauseInbound();
    else this.#connection.resumeInbound();
  }

  #overRate(verdict: RateVerdict, envelope?: Message): void {
    if (verdict.kind === 'close') this.#connection.close('rateLimited');
    if (verdict.kind !== 'refuse') return;
    const error = new WscError('WSC_LIMIT_EXCEEDED', {
      message: 'Too many messages.',
      retryAfterMs: verdict.retryAfterMs,
    });
    if (envelope === undefined) this.#deps.answers.refuseUnread(this.#connection, error);
    else
      this.#deps.answers.refuse(
        new MessageContext(this.#connection, envelope, traceIdFrom(envelope.traceparent)),
        error,
      );
  }

  /** Too many of them within a minute close with 4502 (PROTOCOL.md §1.4). */
  #invalid(error: WscError, now: number): void {
    const { counters, limits, answers } = this.#deps;
    counters.invalidMessages += 1;
    if (this.#unreadable === undefined || now - this.#unreadable.since >= minuteMs)
      this.#unreadable = { since: now, count: 0 };
    this.#unreadable.count += 1;
    const verdict = this.#rate.takeMessage(now);
    if (verdict.kind === 'pass') answers.refuseUnread(this.#connection, error);
    else this.#overRate(verdict);
    const max = limits().invalidMessagesPerMinute;
    if (max > 0 && this.#unreadable.count >= max) this.#connection.close('tooManyErrors');
  }
}
