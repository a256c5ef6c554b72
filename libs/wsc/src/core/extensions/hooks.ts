import { WscError } from '@nest-wsc/protocol';
import { isPromiseLike, type MaybePromise } from '../async/maybe-promise.js';
import type { OutboundMessage, SendResult } from '../messages/message.js';
import type { Logger } from '../ports/logger.js';
import { runInOrder } from '../async/run-in-order.js';
import { refuseFalse } from './refuse-false.js';
import { without } from './without.js';

/** Why a connection ended. */
export interface DisconnectReason {
  /** The close code (PROTOCOL.md §7.1); 1006 when the link broke without one. */
  readonly code: number;
  readonly reason: string;
  readonly initiatedBy: 'server' | 'client';
}

/** Runs before the first message; a throw or `false` refuses the connection. */
export type ConnectHook<C> = (connection: C) => MaybePromise<unknown>;
/** What a client that comes back had (PROTOCOL.md §6.4). */
export interface ResumedSession {
  readonly rooms: readonly string[];
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** Runs before a client has again what it had; a throw or `false` leaves it with a new connection. */
export type ResumeHook<C> = (connection: C, session: ResumedSession) => MaybePromise<unknown>;
/** Runs once the link is gone. */
export type DisconnectHook<C> = (connection: C, reason: DisconnectReason) => MaybePromise<unknown>;
/** Runs before a message's handler; a throw refuses the message. */
export type MessageHook<M> = (context: M) => MaybePromise<unknown>;
/** Runs after a message was queued, once, however many receivers it has. */
export type MessageSentHook = (message: OutboundMessage, result: SendResult) => MaybePromise<unknown>;
/** Runs for every error that an application should know of. */
export type ErrorHook<C> = (error: unknown, connection?: C) => MaybePromise<unknown>;

/**
 * The application's callbacks. Promises: they run in the order in which they were added, each after the last has settled,
 * and the first error stops the rest; synchronously, if all of them are. `C` is a connection, `M` a message's context.
 */
export class Hooks<C, M> {
  readonly #logger: Logger;
  // Replaced, never changed: a callback added or removed meanwhile does not disturb a run.
  #connect: readonly ConnectHook<C>[] = [];
  #resume: readonly ResumeHook<C>[] = [];
  #disconnect: readonly DisconnectHook<C>[] = [];
  #message: readonly MessageHook<M>[] = [];
  #messageSent: readonly MessageSentHook[] = [];
  #error: readonly ErrorHook<C>[] = [];

  constructor(dependencies: { readonly logger: Logger }) {
    this.#logger = dependencies.logger;
  }

  /** Whether {@link Hooks.message} has anything to do. */
  get hasMessageHooks(): boolean {
    return this.#message.length > 0;
  }

  /** Whether {@link Hooks.messageSent} has anything to do. */
  get hasMessageSentHooks(): boolean {
    return this.#messageSent.length > 0;
  }

  /** @returns a function that removes it. */
  onConnect(callback: ConnectHook<C>): () => void {
    this.#connect = [...this.#connect, callback];
    return () => (this.#connect = without(this.#connect, callback));
  }

  /** @returns a function that removes it. */
  onResume(callback: ResumeHook<C>): () => void {
    this.#resume = [...this.#resume, callback];
    return () => (this.#resume = without(this.#resume, callback));
  }

  /** @returns a function that removes it. */
  onDisconnect(callback: DisconnectHook<C>): () => void {
    this.#disconnect = [...this.#disconnect, callback];
    return () => (this.#disconnect = without(this.#disconnect, callback));
  }

  /** @returns a function that removes it. */
  onMessage(callback: MessageHook<M>): () => void {
    this.#message = [...this.#message, callback];
    return () => (this.#message = without(this.#message, callback));
  }

  /** @returns a function that removes it. */
  onMessageSent(callback: MessageSentHook): () => void {
    this.#messageSent = [...this.#messageSent, callback];
    return () => (this.#messageSent = without(this.#messageSent, callback));
  }

  /** @returns a function that removes it. */
  onError(callback: ErrorHook<C>): () => void {
    this.#error = [...this.#error, callback];
    return () => (this.#error = without(this.#error, callback));
  }

  /**
   * Runs the connect callbacks.
   * @throws {WscError} WSC_FORBIDDEN when one answers `false`, else whatever one of them throws.
   */
  connect(connection: C): MaybePromise<void> {
    return runInOrder(this.#connect, (callback) =>
      refuseFalse(callback(connection), () => new WscError('WSC_FORBIDDEN')),
    );
  }

  /** Runs the resume callbacks. @throws as {@link connect} */
  resume(connection: C, session: ResumedSession): MaybePromise<void> {
    return runInOrder(this.#resume, (callback) =>
      refuseFalse(callback(connection, session), () => new WscError('WSC_FORBIDDEN')),
    );
  }

  /** Runs the disconnect callbacks. Never throws: an error goes to the log and to the error callbacks. */
  disconnect(connection: C, reason: DisconnectReason): MaybePromise<void> {
    return this.#guarded(
      'A disconnect callback failed.',
      () => runInOrder(this.#disconnect, (callback) => callback(connection, reason)),
      connection,
    );
  }

  /** Runs the message callbacks. @throws whatever one of them throws, which refuses the message. */
  message(context: M): MaybePromise<void> {
    return runInOrder(this.#message, (callback) => callback(context));
  }

  /** Runs the message-sent callbacks; nobody waits for them. Never throws: an error goes to the log and to the error callbacks. */
  messageSent(message: OutboundMessage, result: SendResult): void {
    void this.#guarded('A message-sent callback failed.', () =>
      runInOrder(this.#messageSent, (callback) => callback(message, result)),
    );
  }

  /** Runs the error callbacks; nobody waits for them. Never throws: an error in one of them goes to the log. */
  error(error: unknown, connection?: C): void {
    void settleWith(
      () => runInOrder(this.#error, (callback) => callback(error, connection)),
      (cause) => this.#logger.error('An error callback failed.', { cause }),
    );
  }

  #guarded(failure: string, run: () => MaybePromise<void>, connection?: C): MaybePromise<void> {
    return settleWith(run, (cause) => {
      this.#logger.error(failure, { cause });
      this.error(cause, connection);
    });
  }
}

function settleWith(run: () => MaybePromise<void>, onError: (cause: unknown) => void): MaybePromise<void> {
  try {
    const running = run();
    return isPromiseLike(running) ? running.catch(onError) : running;
  } catch (cause) {
    onError(cause);
  }
}
