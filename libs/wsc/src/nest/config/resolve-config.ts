import { randomBytes } from 'node:crypto';
import type { AuthMode, BuiltInOptions, HubLimits, HubOptions, OutboxLimits } from '../../core/hub-options.js';
import { parseDevicePolicy } from './device-policy-text.js';
import type { Environment } from './environment-layer.js';
import { hasJwtKey, toJwtOptions } from './jwt-settings.js';
import type { WscModuleOptions } from './module-options.js';
import { toRedisOptions } from './redis-settings.js';
import { isProduction, loadNamedFile, resolveSettings, type ResolvedSettings } from './resolve-settings.js';
import type { BuiltInName, WscSettings } from './wsc-settings.js';
import type { WscAccessConfig, WscConfig, WscTransportConfig } from './wsc-config.js';

/**
 * What holds at the start: options over environment over file (`WSC_CONFIG_FILE`) over defaults. Reads the file; changes nothing.
 * @param environment @default process.env
 * @throws {WscConfigError} naming every wrong value, what was expected and where it came from.
 */
export function resolveWscConfig(options: WscModuleOptions = {}, environment: Environment = process.env): WscConfig {
  const file = loadNamedFile(options, environment);
  const resolved = resolveSettings({ options, environment, file });
  return toWscConfig(resolved, { options, environment, fallbackNodeId: createNodeId() });
}

/** What does not come from settings. */
export interface ConfigSurroundings {
  readonly options: WscModuleOptions;
  readonly environment: Environment;
  /** Where none is set; the same for the whole life of the process. */
  readonly fallbackNodeId: string;
}

/** A name for a node that was given none. */
export function createNodeId(): string {
  return `node-${randomBytes(6).toString('hex')}`;
}

/** Shapes settings as hub, access and transport take them. */
export function toWscConfig(resolved: ResolvedSettings, surroundings: ConfigSurroundings): WscConfig {
  const { settings, sources, warnings } = resolved;
  const { jwtSecret: _secret, jwtPublicKey: _publicKey, redisUrl: _redisUrl, ...shownSettings } = settings;
  return Object.freeze({
    enabled: settings.enabled,
    path: settings.path,
    port: settings.port,
    host: settings.host,
    hub: toHubOptions(settings, surroundings),
    access: toAccessConfig(settings, surroundings),
    transport: toTransportConfig(settings, surroundings),
    redis: toRedisOptions(settings, surroundings.options.redis),
    settings: Object.freeze(shownSettings),
    sources,
    warnings,
  });
}

/** The auth mode that holds: said openly, or `required` as soon as there is something to check credentials with. */
export function authModeOf(settings: WscSettings, { authenticator }: WscModuleOptions): AuthMode {
  return settings.auth ?? (authenticator !== undefined || hasJwtKey(settings) ? 'required' : 'none');
}

function toHubOptions(settings: WscSettings, { options, fallbackNodeId }: ConfigSurroundings): HubOptions {
  const { userTypes, tokenInQuery, tokenCookie, protocols, routes } = settings;
  const { heartbeatIntervalMs, clientTimeoutMs, connectTimeoutMs, handshakeTimeoutMs } = settings;
  const { drainMs, idempotencyWindowMs, resumeWindowMs, offlineGraceMs } = settings;
  return Object.freeze({
    nodeId: settings.nodeId ?? fallbackNodeId,
    auth: authModeOf(settings, options),
    userTypes,
    tokenInQuery,
    tokenCookie,
    protocols,
    limits: toLimits(settings),
    outbox: toOutboxLimits(settings),
    devicePolicy: Object.freeze(parseDevicePolicy(settings.devicePolicy)),
    heartbeatIntervalMs,
    clientTimeoutMs,
    connectTimeoutMs,
    handshakeTimeoutMs,
    drainMs,
    idempotencyWindowMs,
    resumeWindowMs,
    offlineGraceMs,
    routes,
    builtIns: toBuiltIns(settings.disabledBuiltIns),
  });
}

function toLimits(settings: WscSettings): HubLimits {
  const { maxConnections, maxConnectionsPerUser, maxConnectionsPerIp } = settings;
  const { maxRoomsPerConnection, maxRoomsPerUser, maxRooms, maxRoomMembers } = settings;
  const { maxMessageBytes, maxMessageDepth, maxMessageKeys } = settings;
  const { messagesPerSecond, messagesBurst, invalidMessagesPerMinute } = settings;
  const { maxConcurrentHandlers, maxAnswersPerRequest } = settings;
  return Object.freeze({
    maxConnections,
    maxConnectionsPerUser,
    maxConnectionsPerIp,
    maxRoomsPerConnection,
    maxRoomsPerUser,
    maxRooms,
    maxRoomMembers,
    maxMessageBytes,
    decode: Object.freeze({ maxDepth: maxMessageDepth, maxKeys: maxMessageKeys }),
    messagesPerSecond,
    messagesBurst,
    invalidMessagesPerMinute,
    maxConcurrentHandlers,
    maxAnswersPerRequest,
  });
}

function toOutboxLimits(settings: WscSettings): OutboxLimits {
  return Object.freeze({
    maxMessages: settings.outboxMessages,
    maxBytes: settings.outboxBytes,
    maxHighMessages: settings.highLaneMessages,
    writeTimeoutMs: settings.writeTimeoutMs,
    flushDelayMs: settings.flushDelayMs,
  });
}

function toBuiltIns(disabled: readonly BuiltInName[]): BuiltInOptions {
  const isOn = (name: BuiltInName): boolean => !disabled.includes(name);
  return Object.freeze({
    rooms: isOn('rooms'),
    roomMessage: isOn('room_message'),
    chat: isOn('chat'),
    presence: isOn('presence'),
    history: isOn('history'),
    resume: isOn('resume'),
    refreshToken: isOn('refresh_token'),
  });
}

function toAccessConfig(settings: WscSettings, { options, environment }: ConfigSurroundings): WscAccessConfig {
  const { origins, allowAllOrigins, ipAllow, ipDeny, trustedProxies } = settings;
  return Object.freeze({
    origins,
    allowAllOrigins,
    isProduction: isProduction(environment),
    checkOrigin: options.checkOrigin,
    ipAllow,
    ipDeny,
    trustedProxies,
    jwt: toJwtOptions(settings, options.jwt),
  });
}

function toTransportConfig(settings: WscSettings, { options }: ConfigSurroundings): WscTransportConfig {
  return Object.freeze({
    compression: settings.compression,
    defaultProtocol: settings.defaultProtocol,
    https: options.https,
  });
}
