/** Server → client: event → data. Any event, data unknown; replace it by an interface of your own. */
export type AnyEvents = Record<string, unknown>;

/** One thing that a client may ask or tell. */
export interface RequestShape {
  readonly data: unknown;
  /** What the answer holds; leave it out where nobody asks. */
  readonly response?: unknown;
}

/** Client → server: event → what is sent and what comes back. Any event; replace it by an interface of your own. */
export type AnyRequests = Record<string, RequestShape>;

/** Events that every gateway can send (PROTOCOL.md §4), with their data as it is on the wire. */
export interface BuiltInEvents {
  readonly notification: {
    readonly title: string;
    readonly body: string;
    readonly icon?: string;
    readonly link?: string;
    readonly category?: string;
    readonly data?: unknown;
  };
  readonly broadcast: unknown;
  readonly room_message: unknown;
  readonly chat: unknown;
  readonly user_status: {
    readonly user_id: string;
    readonly status: 'online' | 'offline';
    readonly last_seen?: number;
  };
  readonly data_update: {
    readonly entity: string;
    readonly action: string;
    readonly id: string;
    readonly data?: unknown;
  };
  readonly room_joined: { readonly room: string; readonly user_id: string; readonly name?: string };
  readonly room_left: { readonly room: string; readonly user_id: string; readonly name?: string };
  readonly room_closed: { readonly room: string; readonly reason: string };
}

/** What `on` takes: the names of the map and the built-in ones. */
export type EventName<Events extends object> = Extract<keyof Events, string> | keyof BuiltInEvents;

/** An event's data: the map's, where it names the event itself, else the built-in one. */
export type EventData<Events extends object, Name> = Name extends keyof BuiltInEvents
  ? string extends keyof Events
    ? BuiltInEvents[Name]
    : Name extends keyof Events
      ? Events[Name]
      : BuiltInEvents[Name]
  : Name extends keyof Events
    ? Events[Name]
    : never;

/** What `request` and `send` take. */
export type RequestName<Requests extends object> = Extract<keyof Requests, string>;

/** What goes out with a request. */
export type RequestData<Requests extends object, Name extends keyof Requests> = Requests[Name] extends {
  readonly data: infer Data;
}
  ? Data
  : unknown;

/** What comes back. */
export type ResponseData<Requests extends object, Name extends keyof Requests> = Requests[Name] extends {
  readonly response: infer Response;
}
  ? Response
  : unknown;

/** A message from the server. */
export interface Message<Data = unknown> {
  readonly event: string;
  readonly id: string;
  readonly data: Data;
  /** The sender's user id, stated by the server. */
  readonly from?: string | undefined;
  readonly fromName?: string | undefined;
  /** The user it was sent to, where it is a private message; the sender's other devices get it, too. */
  readonly to?: string | undefined;
  readonly room?: string | undefined;
  readonly offset?: number | undefined;
  readonly epoch?: string | undefined;
  /** Milliseconds since 1970, on the server's clock. */
  readonly timestamp: number;
}

/**
 * Handles a message. The client acknowledges it, where the server asked for that, once every handler has returned and what
 * they returned has resolved; a handler that throws leaves it unacknowledged, so that it comes again.
 */
export type MessageHandler<Data = unknown> = {
  // As a method, since only those may narrow `unknown` to the map's type: what arrives is trusted to be what the map says.
  handle(data: Data, message: Message<Data>): unknown;
}['handle'];
