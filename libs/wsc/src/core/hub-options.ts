import { defaultDecodeLimits, serverCodecs, type DecodeLimits } from '@nest-wsc/protocol';

/** Whether a connection must have a principal. `optional`: anonymous unless a credential is given; a bad credential is refused. */
export type AuthMode = 'required' | 'optional' | 'none';

/** What happens when a user with `maxDevices` devices connects another. */
export interface DevicePolicy {
  /** 0: unlimited. `single` is 1. */
  readonly maxDevices: number;
  readonly whenExceeded: 'kick-oldest' | 'kick-all' | 'reject-new';
}

/** Limits of a node. 0 turns a limit off. */
export interface HubLimits {
  readonly maxConnections: number;
  readonly maxConnectionsPerUser: number;
  readonly maxConnectionsPerIp: number;
  readonly maxRoomsPerConnection: number;
  readonly maxRoomsPerUser: number;
  readonly maxRooms: number;
  readonly maxRoomMembers: number;
  /** After decompression. */
  readonly maxMessageBytes: number;
  readonly decode: DecodeLimits;
  readonly messagesPerSecond: number;
  readonly messagesBurst: number;
  readonly invalidMessagesPerMinute: number;
  /** Handlers of one connection that run at the same time before its link is paused. */
  readonly maxConcurrentHandlers: number;
  /** Answers of one request (Observables). */
  readonly maxAnswersPerRequest: number;
}

/** The budget of each connection's outbox. 0 turns a limit off. */
export interface OutboxLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** Of them, those with high priority. */
  readonly maxHighMessages: number;
  /** A link that takes no byte for so long while its outbox is not empty is closed with 4008. */
  readonly writeTimeoutMs: number;
  /** 0: flushed at the end of the same turn. */
  readonly flushDelayMs: number;
}

/** Which built-in events (PROTOCOL.md §4) this hub answers. */
export interface BuiltInOptions {
  readonly rooms: boolean;
  readonly roomMessage: boolean;
  readonly chat: boolean;
  readonly presence: boolean;
  readonly history: boolean;
  readonly resume: boolean;
  readonly refreshToken: boolean;
}

/** Everything that a hub can be told, with units in the names. */
export interface HubOptions {
  readonly nodeId: string;
  readonly auth: AuthMode;
  /** Closed set of user types; empty: any. */
  readonly userTypes: readonly string[];
  /** Subprotocols that may be selected, and so codecs that are spoken. */
  readonly protocols: readonly string[];
  /** Whether `?token=` counts: URLs reach logs. */
  readonly tokenInQuery: boolean;
  /** The cookie that may carry the token; empty: none. */
  readonly tokenCookie: string;
  readonly limits: HubLimits;
  readonly outbox: OutboxLimits;
  readonly devicePolicy: DevicePolicy;
  /** A connection that was quiet for so long is pinged. 0: there is no heartbeat. */
  readonly heartbeatIntervalMs: number;
  /** A connection that was quiet for so long is closed with 4002. 0: never. */
  readonly clientTimeoutMs: number;
  /** Longest time between the 101 and `welcome`. 0: no limit. */
  readonly connectTimeoutMs: number;
  /** Longest time of all checks before the 101. 0: no limit. */
  readonly handshakeTimeoutMs: number;
  /** Longest time of a drain, everything together. */
  readonly drainMs: number;
  /** How long the answer to a request with an id is kept. 0: only requests that are running are shared. */
  readonly idempotencyWindowMs: number;
  /** For how long a client that lost its connection can resume it. */
  readonly resumeWindowMs: number;
  /** Before a user who lost the last connection is announced offline. */
  readonly offlineGraceMs: number;
  /** `frozen`: `hub.handle` is an error once the hub runs. */
  readonly routes: 'open' | 'frozen';
  readonly builtIns: BuiltInOptions;
}

/** Defaults (docs/configuration.md). */
export const defaultHubOptions: Omit<HubOptions, 'nodeId'> = Object.freeze({
  auth: 'optional',
  userTypes: Object.freeze([]),
  protocols: Object.freeze([...serverCodecs.keys()]),
  tokenInQuery: false,
  tokenCookie: '',
  limits: Object.freeze({
    maxConnections: 10_000,
    maxConnectionsPerUser: 10,
    maxConnectionsPerIp: 0,
    maxRoomsPerConnection: 100,
    maxRoomsPerUser: 0,
    maxRooms: 0,
    maxRoomMembers: 0,
    maxMessageBytes: 512 * 1024,
    decode: defaultDecodeLimits,
    messagesPerSecond: 100,
    messagesBurst: 200,
    invalidMessagesPerMinute: 10,
    maxConcurrentHandlers: 32,
    maxAnswersPerRequest: 10_000,
  }),
  outbox: Object.freeze({
    maxMessages: 256,
    maxBytes: 1024 * 1024,
    maxHighMessages: 64,
    writeTimeoutMs: 10_000,
    flushDelayMs: 0,
  }),
  devicePolicy: Object.freeze({ maxDevices: 0, whenExceeded: 'kick-oldest' }),
  heartbeatIntervalMs: 30_000,
  clientTimeoutMs: 90_000,
  connectTimeoutMs: 10_000,
  handshakeTimeoutMs: 10_000,
  drainMs: 15_000,
  idempotencyWindowMs: 600_000,
  resumeWindowMs: 300_000,
  offlineGraceMs: 3_000,
  routes: 'open',
  builtIns: Object.freeze({
    rooms: true,
    roomMessage: true,
    chat: true,
    presence: true,
    history: true,
    resume: true,
    refreshToken: true,
  }),
});
