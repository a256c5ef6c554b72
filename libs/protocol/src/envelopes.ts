import type { ErrorName } from './errors.js';

// The units on the wire (PROTOCOL.md §2 and §3), as parsed values: camelCase here, snake_case on the wire.
// A codec turns them into text or bytes and back; nothing else knows the wire names.

/** `wsc`: an envelope with a `type`. `stock`: Nest's own `{event,data}`, answered as the stock adapter answers. */
export type EnvelopeForm = 'wsc' | 'stock';

/** Asks for exactly one final `response` or `error`. `requestId` is absent only in the stock form and in dialects without ids. */
export interface RequestEnvelope {
  readonly type: 'request';
  readonly form: EnvelopeForm;
  readonly event: string;
  readonly data: unknown;
  readonly requestId?: string;
  /** Idempotency id, chosen by the client; never reaches a receiver. */
  readonly id?: string;
  /** W3C Trace Context header value. */
  readonly traceparent?: string;
}

/** Tells; nothing is answered unless it is refused. */
export interface ClientNotifyEnvelope {
  readonly type: 'notify';
  readonly form: 'wsc';
  readonly event: string;
  readonly data: unknown;
  readonly id?: string;
  readonly traceparent?: string;
}

/** This device has processed these messages; at most 100 ids. */
export interface AckEnvelope {
  readonly type: 'ack';
  readonly ids: readonly string[];
}

/** For clients that can't send the transport's own pings; answered with a `pong`. */
export interface ClientPingEnvelope {
  readonly type: 'ping';
}

/** Answers the server's `ping`. */
export interface ClientPongEnvelope {
  readonly type: 'pong';
}

/** Whatever a client may send. */
export type ClientEnvelope =
  RequestEnvelope | ClientNotifyEnvelope | AckEnvelope | ClientPingEnvelope | ClientPongEnvelope;

/** What `welcome` tells (PROTOCOL.md §3.1). */
export interface WelcomeData {
  /** `wsc.v1`, in every codec and dialect. */
  readonly protocol: string;
  readonly connectionId: string;
  readonly userId?: string;
  readonly deviceId: string;
  readonly nodeId: string;
  /** 256-bit secret of this session, base64url. Never logged. */
  readonly session: string;
  readonly pingIntervalMs: number;
  readonly maxMessageBytes: number;
  /** Milliseconds since 1970. */
  readonly serverTime: number;
}

/** First envelope on every connection. */
export interface WelcomeEnvelope {
  readonly type: 'welcome';
  readonly data: WelcomeData;
}

/** A handler returned. `more: true` on all but the last answer of a stream of answers. */
export interface ResponseEnvelope {
  readonly type: 'response';
  readonly form: EnvelopeForm;
  /** The request's event. Servers give it always: dialects write it. `wsc.v1` does not, so its clients don't see it. */
  readonly event?: string;
  readonly requestId?: string | undefined;
  readonly data: unknown;
  readonly more?: boolean | undefined;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** Something was refused or failed. */
export interface ErrorEnvelope {
  readonly type: 'error';
  readonly form: EnvelopeForm;
  readonly event?: string;
  readonly requestId?: string;
  readonly code: number;
  readonly error: ErrorName;
  readonly message: string;
  readonly details?: unknown;
  /** In the stock form only: what the application sends instead of all of the above. */
  readonly body?: unknown;
  readonly retryAfterMs?: number;
  readonly traceId: string;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
}

/** A message. */
export interface ServerNotifyEnvelope {
  readonly type: 'notify';
  readonly event: string;
  readonly id: string;
  readonly data: unknown;
  /** The sender's user id, set by the server. */
  readonly from?: string | undefined;
  /** The sender's display name, set by the server. */
  readonly fromName?: string | undefined;
  /** The addressed user, on a `chat` that reaches the sender's own other devices too. */
  readonly to?: string | undefined;
  readonly room?: string | undefined;
  /** Position in the stream of the room or the inbox (PROTOCOL.md §6.1). */
  readonly offset?: number | undefined;
  /** Offsets of different epochs can't be compared. */
  readonly epoch?: string | undefined;
  /** The offset before this one for this receiver, where offsets skip. */
  readonly prevOffset?: number;
  /** Asks for an `ack` of `id`. */
  readonly ack?: boolean;
  /** When the server took it, in milliseconds since 1970. */
  readonly timestamp: number;
}

/** Sent only where the transport has no ping of its own. */
export interface ServerPingEnvelope {
  readonly type: 'ping';
}

/** Answers the client's `ping`. `timestamp` in milliseconds since 1970. */
export interface ServerPongEnvelope {
  readonly type: 'pong';
  readonly timestamp: number;
}

/** What `goodbye` tells: the close that comes, and whether to come back. */
export interface GoodbyeData {
  readonly code: number;
  readonly reason: string;
  readonly reconnect: boolean;
  /** This client's own delay in milliseconds, counted from the close. */
  readonly reconnectInMs?: number;
}

/** Before a planned close: only answers and queued messages follow. */
export interface GoodbyeEnvelope {
  readonly type: 'goodbye';
  readonly data: GoodbyeData;
}

/** Whatever a server may send. */
export type ServerEnvelope =
  | WelcomeEnvelope
  | ResponseEnvelope
  | ErrorEnvelope
  | ServerNotifyEnvelope
  | ServerPingEnvelope
  | ServerPongEnvelope
  | GoodbyeEnvelope;
