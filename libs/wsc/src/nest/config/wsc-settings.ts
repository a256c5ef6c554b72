import { isName, serverCodecs } from '@nest-wsc/protocol';
import { isRedisUrl } from '@nest-wsc/redis';
import { parseOriginPattern } from '../../access/origin-pattern.js';
import { parseNetwork } from '../../access/network.js';
import { parsePattern } from '../../core/connect/path-pattern.js';
import { defaultHubOptions as hub, type AuthMode } from '../../core/hub-options.js';
import { devicePolicyForm, parseDevicePolicy, type DevicePolicyText } from './device-policy-text.js';
import { Absentable, Flag, ListOf, OneOf, parses, Subprotocol, Text, WholeNumber } from './setting-rules.js';

/** The built-in events that can be switched off, in groups (PROTOCOL.md §4). `rooms` are `room_join` and `room_leave`. */
export const builtInNames = [
  'rooms',
  'room_message',
  'chat',
  'presence',
  'history',
  'resume',
  'refresh_token',
] as const;

/** One of {@link builtInNames}. */
export type BuiltInName = (typeof builtInNames)[number];

const none: readonly never[] = Object.freeze([]);
const network = 'IP addresses and networks such as 10.0.0.0/8 or 2001:db8::/32';
// RFC 6265 §4.1.1: a token, as HTTP has it.
const cookieName = /^[A-Za-z0-9!#$%&'*+.^_`|~-]*$/;

/**
 * Everything that can be set in the environment or a file too, with its default and its rule. The comments are repeated in
 * docs/configuration.md, .env.example and wsc.example.yaml, so each has one line.
 * Durations are in milliseconds; a limit of 0 is off unless its rule begins with 1.
 */
export class WscSettings {
  /** `false`: the application starts without WebSockets, and `HubService` says so. */
  @Flag() readonly enabled: boolean = true;
  /** A YAML file whose `wsc:` part gives what neither code nor environment do. */
  @Absentable() @Text('the path of a file') readonly configFile: string | undefined = undefined;
  /** Reads the file again when it changes, for the settings that can change while the application runs. */
  @Flag() readonly configWatch: boolean = false;
  /** Where gateways without a path of their own are served. */
  @Text('a path such as /ws or /ws/:tenant', parses(parsePattern)) readonly path: string = '/ws';
  /** A port of its own for WebSockets. Absent: the HTTP server's. 0: one that is free. */
  @Absentable() @WholeNumber({ max: 65_535 }) readonly port: number | undefined = undefined;
  /** The address that the own port listens on. Absent: all of the machine. */
  @Absentable() @Text('an address or a host name') readonly host: string | undefined = undefined;
  /** The name of this node in `welcome` and logs. Absent: a random one per start. */
  @Absentable() @Text('1 to 128 characters of A-Z a-z 0-9 _ . : -', isName) readonly nodeId: string | undefined =
    undefined;
  /** How long `app.close()` may take to end all connections. */
  @WholeNumber() readonly drainMs: number = hub.drainMs;

  /** Whether a credential is needed: `required`, `optional`, `none`. Absent: `required` where a JWT key or an authenticator is given, else `none`. */
  @Absentable() @OneOf(['required', 'optional', 'none']) readonly auth: AuthMode | undefined = undefined;
  /** The user types that may connect, such as `customer,agent,admin`. Empty: all. A user without a type always may. */
  @ListOf('names of A-Z a-z 0-9 _ . : -', isName) readonly userTypes: readonly string[] = hub.userTypes;
  /** Whether `?token=` counts. URLs reach logs and histories; prefer a connect token. */
  @Flag() readonly tokenInQuery: boolean = hub.tokenInQuery;
  /** The cookie that may carry the token. Empty: none. */
  @Text('the name of a cookie', (text) => cookieName.test(text)) readonly tokenCookie: string = hub.tokenCookie;
  /** The web pages that may connect: origins such as `https://app.example.com` and `https://*.example.com`, `same-origin`, `null`, `*`. */
  @ListOf(
    'origins such as https://app.example.com, https://*.example.com, same-origin, null or *',
    parses(parseOriginPattern),
  )
  readonly origins: readonly string[] = Object.freeze(['same-origin']);
  /** Permits `*` in `origins` in production too. */
  @Flag() readonly allowAllOrigins: boolean = false;
  /** Addresses and networks that may connect. Empty: all that are not denied. */
  @ListOf(network, isNetwork) readonly ipAllow: readonly string[] = none;
  /** Addresses and networks that may not connect, whatever `ipAllow` says. */
  @ListOf(network, isNetwork) readonly ipDeny: readonly string[] = none;
  /** Proxies whose `X-Forwarded-For` is believed. */
  @ListOf(network, isNetwork) readonly trustedProxies: readonly string[] = none;
  /** How many devices of a user may be connected: `unlimited`, `single`, `max:3`; `:kick-oldest` (the default), `:kick-all` or `:reject-new` behind it says what happens to one more. */
  @Text(devicePolicyForm, parses(parseDevicePolicy)) readonly devicePolicy: DevicePolicyText = 'unlimited';

  /** The shared secret of HS256, HS384 and HS512 tokens; at least 32 bytes. */
  @Absentable() @Text('text') readonly jwtSecret: string | undefined = undefined;
  /** The public key of RS, PS, ES or Ed25519 tokens, as PEM; `\n` may stand for line breaks. */
  @Absentable() @Text('a PEM') readonly jwtPublicKey: string | undefined = undefined;
  /** The URL of a JSON Web Key Set with the public keys. */
  @Absentable() @Text('an http or https URL', isHttpUrl) readonly jwtJwksUrl: string | undefined = undefined;
  /** Accepted values of `iss`. Empty: any. */
  @ListOf('issuers') readonly jwtIssuer: readonly string[] = none;
  /** Accepted values of `aud`. Empty: any. */
  @ListOf('audiences') readonly jwtAudience: readonly string[] = none;
  /** Accepted algorithms. Empty: all that fit the key. */
  @ListOf('algorithms') readonly jwtAlgorithms: readonly string[] = none;

  /** Where Redis is, which makes many gateways one: `redis://host:6379`, `rediss://user:password@host:6379/0`. Absent: everything in memory. */
  @Absentable() @Text('a URL such as redis://host:6379', isRedisUrl) readonly redisUrl: string | undefined = undefined;
  /** What keys and channels between gateways start with in Redis. Gateways with the same one are one cluster. */
  @Text('1 to 64 characters of A-Z a-z 0-9 _ . : -', isRedisPrefix) readonly redisPrefix: string = 'wsc';
  /** What the channels and the stream start with by which any program may publish: `websocket:user:ann`, `websocket:ingest`. `none`: there are none. */
  @Text('1 to 64 characters of A-Z a-z 0-9 _ . : -', isRedisPrefix) readonly redisOpenPrefix: string = 'websocket';
  /** How many replicas of Redis must have a message that is kept before it counts as stored; give it the number of all, so that a failover does not lose it. */
  @WholeNumber({ max: 100 }) readonly redisWaitForReplicas: number = 0;

  /** Connections of this node; one more gets a 503. */
  @WholeNumber() readonly maxConnections: number = hub.limits.maxConnections;
  /** Connections of one user, on all nodes; one more gets a 429. */
  @WholeNumber() readonly maxConnectionsPerUser: number = hub.limits.maxConnectionsPerUser;
  /** Connections of one address (IPv6: one /64) on this node; one more gets a 429. Behind a proxy set `trustedProxies` first. */
  @WholeNumber() readonly maxConnectionsPerIp: number = hub.limits.maxConnectionsPerIp;
  /** Rooms that one connection may be in. */
  @WholeNumber() readonly maxRoomsPerConnection: number = hub.limits.maxRoomsPerConnection;
  /** Rooms that the connections of one user may be in together. */
  @WholeNumber() readonly maxRoomsPerUser: number = hub.limits.maxRoomsPerUser;
  /** Rooms of this node. */
  @WholeNumber() readonly maxRooms: number = hub.limits.maxRooms;
  /** Connections in one room. */
  @WholeNumber() readonly maxRoomMembers: number = hub.limits.maxRoomMembers;
  /** A larger message from a client closes its connection with 1009. A change holds for connections to come. */
  @WholeNumber() readonly maxMessageBytes: number = hub.limits.maxMessageBytes;
  /** Nesting of objects and arrays in a message from a client. */
  @WholeNumber() readonly maxMessageDepth: number = hub.limits.decode.maxDepth;
  /** Object keys in a message from a client. */
  @WholeNumber() readonly maxMessageKeys: number = hub.limits.decode.maxKeys;
  /** Messages that one connection may send per second. A change holds for connections to come. */
  @WholeNumber() readonly messagesPerSecond: number = hub.limits.messagesPerSecond;
  /** Messages that one connection may send at once after a quiet time. */
  @WholeNumber({ min: 1 }) readonly messagesBurst: number = hub.limits.messagesBurst;
  /** So many messages that cannot be read within a minute close the connection with 4502. */
  @WholeNumber() readonly invalidMessagesPerMinute: number = hub.limits.invalidMessagesPerMinute;
  /** Handlers of one connection that run at the same time; then it is not read further. */
  @WholeNumber() readonly maxConcurrentHandlers: number = hub.limits.maxConcurrentHandlers;
  /** Answers that an Observable may give to one request. */
  @WholeNumber() readonly maxAnswersPerRequest: number = hub.limits.maxAnswersPerRequest;

  /** Messages that may wait for one connection that reads too slowly; one more closes it with 4008, unless its room drops messages. */
  @WholeNumber() readonly outboxMessages: number = hub.outbox.maxMessages;
  /** Bytes that may wait for one connection that reads too slowly. */
  @WholeNumber() readonly outboxBytes: number = hub.outbox.maxBytes;
  /** Of the waiting messages, those with high priority. */
  @WholeNumber() readonly highLaneMessages: number = hub.outbox.maxHighMessages;
  /** A connection that takes no byte for so long while messages wait is closed with 4008. */
  @WholeNumber() readonly writeTimeoutMs: number = hub.outbox.writeTimeoutMs;
  /** Gathers messages for so long before they are written together. 0: what one turn of the event loop sends. */
  @WholeNumber({ max: 1_000 }) readonly flushDelayMs: number = hub.outbox.flushDelayMs;
  /** Offers permessage-deflate. Costs CPU and memory. */
  @Flag() readonly compression: boolean = false;

  /** A connection that was quiet for so long is pinged. */
  @WholeNumber() readonly heartbeatIntervalMs: number = hub.heartbeatIntervalMs;
  /** A connection that was quiet for so long is closed. */
  @WholeNumber() readonly clientTimeoutMs: number = hub.clientTimeoutMs;
  /** The longest time of all checks before the 101. */
  @WholeNumber() readonly handshakeTimeoutMs: number = hub.handshakeTimeoutMs;
  /** The longest time of connect callbacks, between the 101 and `welcome`. */
  @WholeNumber() readonly connectTimeoutMs: number = hub.connectTimeoutMs;
  /** How long a user who lost the last connection has to come back before others hear `offline`. */
  @WholeNumber() readonly offlineGraceMs: number = hub.offlineGraceMs;
  /** How long the answer to a request with an `id` is kept for its repetition. */
  @WholeNumber() readonly idempotencyWindowMs: number = hub.idempotencyWindowMs;
  /** For how long a client that lost its connection can resume it; at least 1000. */
  @WholeNumber({ min: 1_000 }) readonly resumeWindowMs: number = hub.resumeWindowMs;

  /** The subprotocols that clients may choose. */
  @ListOf(`subprotocols (${[...serverCodecs.keys()].join(', ')})`, (text) => serverCodecs.has(text))
  readonly protocols: readonly string[] = hub.protocols;
  /** What a client speaks that offers no subprotocol. */
  @Subprotocol() readonly defaultProtocol: string = 'wsc.v1.json';
  /** `open`, or `frozen`: `hub.handle` is an error once the application runs. */
  @OneOf(['open', 'frozen']) readonly routes: 'open' | 'frozen' = hub.routes;
  /** Built-in events that are not answered: `rooms`, `room_message`, `chat`, `presence`, `history`, `resume`, `refresh_token`. */
  @ListOf(builtInNames.join(', '), (text) => builtInNames.some((name) => name === text))
  readonly disabledBuiltIns: readonly BuiltInName[] = none;
}

/** The name of a setting, as the property of {@link WscSettings}. */
export type SettingName = keyof WscSettings;

function isNetwork(text: string): boolean {
  return parses(() => parseNetwork(text, ''))(text);
}

// Without braces, which are hash tags, and without what Redis reads as a pattern.
function isRedisPrefix(text: string): boolean {
  return /^[A-Za-z0-9_.:-]{1,64}$/.test(text);
}

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}
