/** A place in a room's history or in an inbox (PROTOCOL.md §6.1). */
export interface Place {
  readonly offset: number;
  readonly epoch: string;
}

/**
 * What one of the programs saw or did. `stream` is a room, or `inbox:<user>`; `key` is the publisher's own name for a message, which
 * travels in it as data, so that a message is known also where no answer named its id.
 */
export type HistoryEvent = { readonly at: number } & (
  | { readonly kind: 'publish'; readonly key: string; readonly client: string; readonly stream: string }
  | { readonly kind: 'acknowledged'; readonly key: string; readonly id: string; readonly place: Place | undefined }
  | { readonly kind: 'failed' | 'unknown'; readonly key: string; readonly error: string }
  | {
      readonly kind: 'received';
      readonly client: string;
      readonly stream: string;
      readonly key: string;
      readonly id: string;
      readonly place: Place | undefined;
    }
  | { readonly kind: 'connected'; readonly client: string; readonly user: string; readonly node: string }
  | { readonly kind: 'disconnected'; readonly client: string; readonly code: number }
  | { readonly kind: 'joining' | 'leaving' | 'left'; readonly client: string; readonly stream: string }
  | { readonly kind: 'joined'; readonly client: string; readonly stream: string; readonly place: Place | undefined }
  | {
      readonly kind: 'recovered';
      readonly client: string;
      readonly stream: string;
      readonly from: number;
      readonly to: number;
    }
  /** The client was told that it has missed something. */
  | { readonly kind: 'lost'; readonly client: string; readonly stream: string; readonly reason: string }
  | { readonly kind: 'fault' | 'healed'; readonly name: string }
  /** The store was emptied, or went back to what it had on disk. */
  | { readonly kind: 'data-lost' }
  /** Who the gateways say is in a room, after everything. */
  | { readonly kind: 'present'; readonly stream: string; readonly users: readonly string[] }
  /** How many durable messages still wait for a user, after everything; undefined where no gateway could say. */
  | { readonly kind: 'kept'; readonly user: string; readonly count: number | undefined }
);

/** An event before it is timed. */
export type Happening = HistoryEvent extends infer Event ? (Event extends unknown ? Omit<Event, 'at'> : never) : never;

/** The inbox of a user, as a stream. */
export const inboxOf = (user: string): string => `inbox:${user}`;

/** The user whose inbox it is; undefined for a room. */
export const inboxOwner = (stream: string): string | undefined =>
  stream.startsWith('inbox:') ? stream.slice('inbox:'.length) : undefined;

/** Everything that happened, in its order, by the one clock of this process. */
export class HistoryLog {
  readonly #events: HistoryEvent[] = [];

  get events(): readonly HistoryEvent[] {
    return this.#events;
  }

  add(happening: Happening): void {
    this.#events.push({ at: performance.now(), ...happening });
  }
}
