import { WscError } from '@nest-wsc/protocol';
import { Listeners, type Unsubscribe } from './listeners.js';

/**
 * Where an error comes from: `connection` an attempt or a connection failed · `token` the token provider failed ·
 * `server` an `error` envelope that answers no request · `protocol` something arrived that is no envelope ·
 * `handler` a handler or listener threw · `queue` a message was dropped · `room` a room could not be joined again, now or for good ·
 * `snapshot` the state of a room that the client is in could not be had, or messages were lost meanwhile · `positions` the store of positions failed.
 */
export type ErrorSource =
  'connection' | 'token' | 'server' | 'protocol' | 'handler' | 'queue' | 'room' | 'snapshot' | 'positions';

/** What an error is about. */
export interface ErrorContext {
  readonly source: ErrorSource;
  /** The event of the message or handler. */
  readonly event?: string;
  readonly messageId?: string;
  readonly room?: string;
  /** With `connection`, `token` and `room`: milliseconds until the next attempt. Absent when there is none. */
  readonly retryInMs?: number;
}

/** Hears of every error that no promise of the caller carries. */
export type ErrorListener = (error: WscError, context: ErrorContext) => unknown;

/** Brings errors to the `onError` listeners. */
export class ErrorReporter {
  readonly #listeners = new Listeners<[error: WscError, context: ErrorContext]>(tellHost);

  add(listener: ErrorListener): Unsubscribe {
    return this.#listeners.add(listener);
  }

  report(error: WscError, context: ErrorContext): void {
    // A program without onError still wants to see its own bugs, as it would see those of any event listener.
    if (this.#listeners.count === 0 && context.source === 'handler') tellHost(error.cause ?? error);
    this.#listeners.emit(error, context);
  }

  /** Reports what code of the program threw. */
  reportThrown(thrown: unknown, context: Omit<ErrorContext, 'source'> = {}): void {
    const what = context.event === undefined ? 'A listener' : `A handler of "${context.event}"`;
    const error = new WscError('WSC_INTERNAL', { message: `${what} threw: ${messageOf(thrown)}`, cause: thrown });
    this.report(error, { source: 'handler', ...context });
  }
}

/** The text of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** Whatever was thrown, as the one error of this protocol. */
export function toWscError(thrown: unknown): WscError {
  return thrown instanceof WscError
    ? thrown
    : new WscError('WSC_INTERNAL', { message: messageOf(thrown), cause: thrown });
}

/** `window.onerror` and the browser's console; where the host has no such place, nothing. */
function tellHost(error: unknown): void {
  if (typeof reportError === 'function') reportError(error);
}
