import type { ServerNotifyEnvelope } from '@nest-wsc/protocol';
import type { ErrorReporter } from './error-reporter.js';
import type { Message, MessageHandler } from './event-map.js';
import type { Unsubscribe } from './listeners.js';
import { RecentIds, type MessagePlace } from './recent-ids.js';
import { isThenable } from './settle.js';

/** The name that hears every event; no event can have it. */
export const everyEvent = '*';

interface Registration {
  readonly handler: MessageHandler;
  readonly isOnce: boolean;
}

/** What {@link MessageRouter} needs. */
export interface MessageRouterOptions {
  readonly errors: ErrorReporter;
  /** How many messages are remembered against duplicates. */
  readonly recentIdsCount: number;
  readonly acknowledge: (message: ServerNotifyEnvelope) => void;
  /** Nobody is at work on a message any more: each handler has ended, or there was none. */
  readonly onFinished: (message: ServerNotifyEnvelope) => void;
}

/**
 * Brings messages to their handlers, each message once, and acknowledges what was handled.
 * A message without a handler is neither acknowledged nor remembered: nobody has processed it.
 */
export class MessageRouter {
  readonly #options: MessageRouterOptions;
  readonly #registrations = new Map<string, Set<Registration>>();
  readonly #recent: RecentIds;

  constructor(options: MessageRouterOptions) {
    this.#options = options;
    this.#recent = new RecentIds(options.recentIdsCount);
  }

  add(event: string, handler: MessageHandler, isOnce: boolean): Unsubscribe {
    const registration = { handler, isOnce };
    const registrations = this.#registrations.get(event) ?? new Set();
    this.#registrations.set(event, registrations.add(registration));
    return () => this.#remove(event, registration);
  }

  /** Removes a handler, or all of an event. */
  remove(event: string, handler?: MessageHandler): void {
    if (handler === undefined) this.#registrations.delete(event);
    for (const registration of [...(this.#registrations.get(event) ?? [])]) {
      if (registration.handler === handler) this.#remove(event, registration);
    }
  }

  receive(envelope: ServerNotifyEnvelope): void {
    const handling = this.#recent.get(envelope);
    if (handling === 'running') return;
    // Its first acknowledgement may have been lost.
    if (handling === 'done') this.#acknowledge(envelope);
    const registrations = handling === 'done' ? [] : this.#take(envelope.event);
    if (registrations.length === 0) {
      this.#options.onFinished(envelope);
      return;
    }
    this.#recent.set(envelope, 'running');
    const results = registrations.map(({ handler }) => this.#call(handler, envelope));
    const pending = results.filter((result) => typeof result !== 'boolean');
    const onDone = (later: readonly boolean[]): void =>
      this.#onHandled(envelope, ![...results, ...later].includes(false));
    if (pending.length === 0) onDone([]);
    else void Promise.all(pending).then(onDone);
  }

  /** A message that needs no handling where it comes. */
  remember(message: MessagePlace): void {
    this.#recent.set(message, 'done');
  }

  #take(event: string): readonly Registration[] {
    const found: Registration[] = [];
    for (const name of [event, everyEvent]) {
      for (const registration of [...(this.#registrations.get(name) ?? [])]) {
        found.push(registration);
        if (registration.isOnce) this.#remove(name, registration);
      }
    }
    return found;
  }

  /** Whether the handler succeeded; where that takes time, a promise that never rejects. */
  #call(handler: MessageHandler, envelope: ServerNotifyEnvelope): boolean | Promise<boolean> {
    const onThrow = (thrown: unknown): false => {
      this.#options.errors.reportThrown(thrown, { event: envelope.event, messageId: envelope.id });
      return false;
    };
    try {
      const result = handler(envelope.data, toMessage(envelope));
      return isThenable(result) ? Promise.resolve(result).then(() => true, onThrow) : true;
    } catch (thrown) {
      return onThrow(thrown);
    }
  }

  #onHandled(envelope: ServerNotifyEnvelope, succeeded: boolean): void {
    if (succeeded) {
      this.#recent.set(envelope, 'done');
      this.#acknowledge(envelope);
    } else if (envelope.ack === true) {
      // It stays unacknowledged and will come again.
      this.#recent.forget(envelope);
    }
    this.#options.onFinished(envelope);
  }

  #acknowledge(envelope: ServerNotifyEnvelope): void {
    if (envelope.ack === true) this.#options.acknowledge(envelope);
  }

  #remove(event: string, registration: Registration): void {
    const registrations = this.#registrations.get(event);
    registrations?.delete(registration);
    if (registrations?.size === 0) this.#registrations.delete(event);
  }
}

/** Without what is the client's own business. */
function toMessage({ type: _type, ack: _ack, prevOffset: _prevOffset, ...message }: ServerNotifyEnvelope): Message {
  return message;
}
