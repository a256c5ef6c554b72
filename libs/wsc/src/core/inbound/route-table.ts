import { parseName } from '@nest-wsc/protocol';
import type { MaybePromise } from '../async/maybe-promise.js';
import type { MessageContext } from '../messages/message-context.js';

/**
 * Answers a message. May return a value, a promise, an async iterable or anything with `subscribe` (an Observable): these last two
 * give several answers (PROTOCOL.md §3.2). Throw a `WscError` to refuse; anything else thrown is `WSC_INTERNAL` for the client.
 */
export type MessageHandler = (data: unknown, context: MessageContext) => unknown;

/** Which handler answers an event. */
export interface Route {
  /** 1..128 of `A-Za-z0-9_.:-`. */
  readonly event: string;
  /** The pattern of the endpoint that it holds for; absent: all. */
  readonly path?: string;
  readonly handler: MessageHandler;
  /** Whether the connection's next message waits until it has finished. @default false */
  readonly isExclusive?: boolean;
  /** Whether what it does holds for its connection only: then an id is no reason not to do it on the next one. @default false */
  readonly isConnectionBound?: boolean;
  /**
   * Whether a request with an id may run again where it is not known what became of it, since its node died before it answered. Absent: it
   * gets WSC_CONFLICT then (PROTOCOL.md §2.6).
   */
  readonly isRepeatable?: (context: MessageContext) => boolean;
  /** One of PROTOCOL.md §4. @default false */
  readonly isBuiltIn?: boolean;
  /** Where it was registered, for error messages. */
  readonly origin?: string;
}

/** Which event goes to which handler. The same event twice on one path is an error, never two answers. */
export class RouteTable {
  /** Guards the built-in events; the Nest layer sets it, so that the gateway's own guards hold for them. */
  builtInGuard: ((context: MessageContext) => MaybePromise<void>) | undefined;
  readonly #everywhere = new Map<string, Route>();
  readonly #byPath = new Map<string, Map<string, Route>>();
  #isFrozen = false;

  /** @throws {Error} for a bad or taken name, or after {@link RouteTable.freeze}. */
  add(route: Route): void {
    parseName(route.event, 'event');
    if (this.#isFrozen) throw new Error(`The routes are frozen: "${route.event}" must be registered before the start`);
    const taken = this.#findConflict(route);
    if (taken !== undefined) throw new Error(describeConflict(route, taken));
    this.#tableOf(route.path).set(route.event, route);
  }

  find(path: string, event: string): Route | undefined {
    return this.#byPath.get(path)?.get(event) ?? this.#everywhere.get(event);
  }

  /** Later registrations are errors. */
  freeze(): void {
    this.#isFrozen = true;
  }

  #findConflict({ path, event }: Route): Route | undefined {
    const everywhere = this.#everywhere.get(event);
    if (everywhere !== undefined) return everywhere;
    if (path !== undefined) return this.#byPath.get(path)?.get(event);
    return [...this.#byPath.values()].find((table) => table.has(event))?.get(event);
  }

  #tableOf(path: string | undefined): Map<string, Route> {
    if (path === undefined) return this.#everywhere;
    let table = this.#byPath.get(path);
    if (table === undefined) this.#byPath.set(path, (table = new Map<string, Route>()));
    return table;
  }
}

function describeConflict(route: Route, taken: Route): string {
  const where = route.path === undefined ? 'on every path' : `on ${route.path}`;
  if (taken.isBuiltIn === true) {
    return `"${route.event}" is a built-in event: switch the built-in off to handle it ${where} yourself (${route.origin ?? 'hub.handle'})`;
  }
  return `"${route.event}" has two handlers ${where}: ${taken.origin ?? 'hub.handle'} and ${route.origin ?? 'hub.handle'}`;
}
