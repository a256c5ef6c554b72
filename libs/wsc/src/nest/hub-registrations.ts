import type {
  ConnectHook,
  Connection,
  DisconnectHook,
  ErrorHook,
  Handshake,
  Hub,
  HubEventListener,
  HubEventName,
  MessageContext,
  MessageHandler,
  MessageHook,
  MessageSentHook,
  Middleware,
  ResumeHook,
  StandardSchemaV1,
} from '../core/index.js';
import type { WscInterceptor } from './decorators/providers.decorators.js';
import { mapErrors, mapRefusals } from './errors/map-errors.js';

/**
 * What an application registers with the hub: callbacks, listeners, middleware, handlers. Each answers the service itself, so that they
 * can be chained, and does nothing where the application runs with `WSC_ENABLED=false`.
 */
export abstract class HubRegistrations {
  readonly #hub: Hub;

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** Runs for each connection before its first message; a throw or `false` refuses it. */
  onConnect(callback: ConnectHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onConnect(mapErrors(callback)));
  }

  /** Runs before a client that comes back has its rooms and metadata again; a throw or `false` leaves it with a new connection. */
  onResume(callback: ResumeHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onResume(mapErrors(callback)));
  }

  onDisconnect(callback: DisconnectHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onDisconnect(callback));
  }

  /** Runs before each handler; a throw refuses the message. */
  onMessage(callback: MessageHook<MessageContext>): this {
    return this.#with((hub) => hub.hooks.onMessage(mapErrors(callback)));
  }

  /** Runs once per message sent, however many receive it. */
  onMessageSent(callback: MessageSentHook): this {
    return this.#with((hub) => hub.hooks.onMessageSent(callback));
  }

  onError(callback: ErrorHook<Connection>): this {
    return this.#with((hub) => hub.hooks.onError(callback));
  }

  /** Hears the hub's events, later and in order. */
  onEvent(name: HubEventName | '*', listener: HubEventListener): this {
    return this.#with((hub) => hub.events.on(name, listener));
  }

  /** Around every message, the first one outermost. */
  use(middleware: Middleware<MessageContext>): this {
    return this.#with((hub) => hub.use(mapErrors(middleware)));
  }

  /** Around every handshake. */
  useUpgrade(middleware: Middleware<Handshake>): this {
    return this.#with((hub) => hub.useUpgrade(mapRefusals(middleware)));
  }

  addInterceptor(interceptor: WscInterceptor): this {
    return this.#with((hub) => hub.interceptors.add(interceptor));
  }

  /** Answers an event on every path. @throws {Error} when it has a handler, or the routes are frozen. */
  handle(event: string, handler: MessageHandler, options?: { readonly schema?: StandardSchemaV1 }): this {
    return this.#with((hub) => hub.handle(event, mapErrors(handler), options));
  }

  #with(register: (hub: Hub) => unknown): this {
    register(this.#hub);
    return this;
  }
}
