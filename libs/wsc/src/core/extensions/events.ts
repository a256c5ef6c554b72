import { isPromiseLike, type MaybePromise } from '../async/maybe-promise.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';

/** What the hub tells about itself, after the fact. */
export type HubEventName =
  | 'websocket.started'
  | 'websocket.stopped'
  | 'client.connected'
  | 'client.disconnected'
  | 'message.received'
  | 'message.sent'
  | 'message.dropped'
  | 'room.joined'
  | 'room.left'
  | 'room.closed'
  | 'user.online'
  | 'user.offline'
  | 'node.joined'
  | 'node.left'
  | 'error';

/** Something that has happened. */
export interface HubEvent {
  readonly name: HubEventName;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly connectionId?: string;
  readonly userId?: string;
  readonly room?: string;
  readonly data?: unknown;
}

/** Hears events after the fact. It can't refuse anything; what it throws is logged. */
export type HubEventListener = (event: HubEvent) => MaybePromise<void>;

/** What an event says beyond its name and time. */
export type HubEventFields = Omit<HubEvent, 'name' | 'time'>;

/** What an {@link EventBus} needs. */
export interface EventBusDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Events that may wait for the next turn; more are dropped and counted. @default 10_000 */
  readonly maxQueued?: number;
}

interface Subscription {
  readonly listener: HubEventListener;
}

/**
 * Tells listeners what happened, one turn later and in order, so that none of them can delay or break the work itself.
 * Promises: `emit` never throws; a failing listener disturbs nobody; the queue is bounded. Does not promise: to wait for a
 * listener's promise before the next event.
 */
export class EventBus {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #maxQueued: number;
  readonly #subscriptions = new Map<HubEventName | '*', Set<Subscription>>();
  #queue: HubEvent[] = [];
  #droppedCount = 0;
  #isClosed = false;

  constructor(dependencies: EventBusDependencies) {
    this.#clock = dependencies.clock;
    this.#logger = dependencies.logger;
    this.#maxQueued = dependencies.maxQueued ?? 10_000;
  }

  /** Events that found the queue full, since the start. */
  get droppedCount(): number {
    return this.#droppedCount;
  }

  /** Whether anybody would hear `name`, so that a hot path need not collect the fields for nobody. */
  hasListeners(name: HubEventName): boolean {
    return this.#subscriptions.size > 0 && (this.#subscriptions.has(name) || this.#subscriptions.has('*'));
  }

  /**
   * Subscribes to one event, or to all with `'*'`.
   * @returns a function that ends the subscription.
   */
  on(name: HubEventName | '*', listener: HubEventListener): () => void {
    const subscription: Subscription = { listener };
    const existing = this.#subscriptions.get(name);
    if (existing) existing.add(subscription);
    else this.#subscriptions.set(name, new Set([subscription]));
    return () => {
      const subscriptions = this.#subscriptions.get(name);
      if (subscriptions?.delete(subscription) && subscriptions.size === 0) this.#subscriptions.delete(name);
    };
  }

  /** Announces that something has happened. */
  emit(name: HubEventName, fields?: HubEventFields): void {
    if (this.#isClosed || !this.hasListeners(name)) return;
    if (this.#queue.length >= this.#maxQueued) {
      this.#droppedCount += 1;
      return;
    }
    this.#queue.push({ ...fields, name, time: this.#clock.now() });
    if (this.#queue.length === 1) this.#clock.nextTurn(() => this.#deliver());
  }

  /** Delivers what is queued and ends all subscriptions. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#deliver();
    this.#subscriptions.clear();
  }

  #deliver(): void {
    const events = this.#queue;
    this.#queue = [];
    for (const event of events) {
      this.#tell(event, this.#subscriptions.get(event.name));
      this.#tell(event, this.#subscriptions.get('*'));
    }
  }

  #tell(event: HubEvent, subscriptions: ReadonlySet<Subscription> | undefined): void {
    if (!subscriptions) return;
    for (const { listener } of subscriptions) {
      try {
        const result: unknown = listener(event);
        if (isPromiseLike(result)) result.then(undefined, (cause: unknown) => this.#report(event, cause));
      } catch (cause) {
        this.#report(event, cause);
      }
    }
  }

  #report(event: HubEvent, cause: unknown): void {
    this.#logger.error('An event listener failed.', { event: event.name, cause });
  }
}
