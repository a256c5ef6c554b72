import { WscSettings, type SettingName } from './wsc-settings.js';

/** How a setting is written where there is only text. Lists are separated by commas. */
export type SettingKind = 'flag' | 'number' | 'text' | 'list';

/** `live`: may change while the application runs. */
export type SettingChange = 'live' | 'restart';

/** What there is to know about a setting besides its rule. */
export interface SettingField {
  readonly name: SettingName;
  /** As `forRoot` takes it, for example `maxConnections` or `jwt.secret`. */
  readonly option: string;
  /** For example `WSC_MAX_CONNECTIONS`. */
  readonly variable: string;
  /** Under `wsc:` in the file, for example `limits.max_connections`; undefined: not there. */
  readonly fileKey: string | undefined;
  readonly kind: SettingKind;
  readonly change: SettingChange;
  readonly isSecret: boolean;
  readonly defaultValue: WscSettings[SettingName];
}

interface SettingSpec {
  readonly kind: SettingKind;
  readonly change: SettingChange;
  /** Of the file's keys; none: right under `wsc:`. */
  readonly group?: string;
  /** @default the setting's name */
  readonly option?: string;
  /** @default `WSC_` and the option's name */
  readonly variable?: string;
  readonly isSecret?: true;
  /** Says where the file is, so it can't stand in it. */
  readonly isOutsideFile?: true;
}

const security = { group: 'security' } as const;
const liveLimit = { kind: 'number', change: 'live', group: 'limits' } as const;
const livePerformance = { kind: 'number', change: 'live', group: 'performance' } as const;
const liveTiming = { kind: 'number', change: 'live', group: 'timing' } as const;
const protocol = { change: 'restart', group: 'protocol' } as const;
const jwt = { change: 'restart', group: 'jwt' } as const;
const redis = { kind: 'text', change: 'restart', group: 'redis' } as const;

const specs = {
  enabled: { kind: 'flag', change: 'restart' },
  configFile: { kind: 'text', change: 'restart', isOutsideFile: true },
  configWatch: { kind: 'flag', change: 'restart', isOutsideFile: true },
  path: { kind: 'text', change: 'restart' },
  port: { kind: 'number', change: 'restart' },
  host: { kind: 'text', change: 'restart' },
  nodeId: { kind: 'text', change: 'restart' },
  auth: { kind: 'text', change: 'restart', ...security },
  userTypes: { kind: 'list', change: 'live', ...security },
  tokenInQuery: { kind: 'flag', change: 'restart', ...security },
  tokenCookie: { kind: 'text', change: 'restart', ...security },
  origins: { kind: 'list', change: 'live', ...security },
  allowAllOrigins: { kind: 'flag', change: 'restart', ...security },
  ipAllow: { kind: 'list', change: 'live', ...security },
  ipDeny: { kind: 'list', change: 'live', ...security },
  trustedProxies: { kind: 'list', change: 'live', ...security },
  devicePolicy: { kind: 'text', change: 'live', ...security },
  jwtSecret: { kind: 'text', option: 'jwt.secret', isSecret: true, ...jwt },
  // Secret for a message's sake: the private one is easily put here instead.
  jwtPublicKey: { kind: 'text', option: 'jwt.publicKey', isSecret: true, ...jwt },
  jwtJwksUrl: { kind: 'text', option: 'jwt.jwksUrl', ...jwt },
  jwtIssuer: { kind: 'list', option: 'jwt.issuer', ...jwt },
  jwtAudience: { kind: 'list', option: 'jwt.audience', ...jwt },
  jwtAlgorithms: { kind: 'list', option: 'jwt.algorithms', ...jwt },
  // Secret, since it may hold a password.
  redisUrl: { option: 'redis.url', variable: 'REDIS_URL', isSecret: true, ...redis },
  redisPrefix: { option: 'redis.prefix', variable: 'WSC_REDIS_PREFIX', ...redis },
  redisOpenPrefix: { option: 'redis.openPrefix', variable: 'WSC_REDIS_OPEN_PREFIX', ...redis },
  redisWaitForReplicas: {
    ...redis,
    kind: 'number',
    option: 'redis.waitForReplicas',
    variable: 'WSC_REDIS_WAIT_FOR_REPLICAS',
  },
  maxConnections: liveLimit,
  maxConnectionsPerUser: liveLimit,
  maxConnectionsPerIp: liveLimit,
  maxRoomsPerConnection: liveLimit,
  maxRoomsPerUser: liveLimit,
  maxRooms: liveLimit,
  maxRoomMembers: liveLimit,
  maxMessageBytes: liveLimit,
  maxMessageDepth: liveLimit,
  maxMessageKeys: liveLimit,
  messagesPerSecond: liveLimit,
  messagesBurst: liveLimit,
  invalidMessagesPerMinute: liveLimit,
  maxConcurrentHandlers: liveLimit,
  maxAnswersPerRequest: liveLimit,
  outboxMessages: livePerformance,
  outboxBytes: livePerformance,
  highLaneMessages: livePerformance,
  writeTimeoutMs: livePerformance,
  flushDelayMs: livePerformance,
  compression: { kind: 'flag', change: 'restart', group: 'performance' },
  heartbeatIntervalMs: liveTiming,
  clientTimeoutMs: liveTiming,
  handshakeTimeoutMs: liveTiming,
  connectTimeoutMs: liveTiming,
  drainMs: liveTiming,
  offlineGraceMs: liveTiming,
  idempotencyWindowMs: liveTiming,
  resumeWindowMs: liveTiming,
  protocols: { kind: 'list', ...protocol },
  defaultProtocol: { kind: 'text', ...protocol },
  routes: { kind: 'text', ...protocol },
  disabledBuiltIns: { kind: 'list', ...protocol },
} as const satisfies Record<SettingName, SettingSpec>;

/** The settings that may change while the application runs. */
export type LiveSettingName = {
  [Name in SettingName]: (typeof specs)[Name]['change'] extends 'live' ? Name : never;
}[SettingName];

/** Whether a text is the name of a setting. */
export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(specs, name);
}

const defaults = Object.freeze(new WscSettings());

/** Every setting, in the order of the documentation. */
export const settingFields: readonly SettingField[] = Object.freeze(
  Object.keys(specs)
    .filter(isSettingName)
    .map((name) => toField(name, specs[name])),
);

const fieldByOption: ReadonlyMap<string, SettingField> = new Map(settingFields.map((field) => [field.option, field]));

/** What is set by an option such as `maxConnections` or `jwt.secret`; undefined where nothing is. */
export function fieldOfOption(option: string): SettingField | undefined {
  return fieldByOption.get(option);
}

/** The field of a setting. */
export function fieldOf(name: SettingName): SettingField {
  return toField(name, specs[name]);
}

/** Names follow one from the other, so that nobody has to look up three. */
function toField(name: SettingName, spec: SettingSpec): SettingField {
  const { option = name, group, kind, change } = spec;
  const key = snakeCase(option.slice(option.indexOf('.') + 1));
  const prefix = option.startsWith('jwt.') ? 'JWT_' : 'WSC_';
  return Object.freeze({
    name,
    option,
    variable: spec.variable ?? prefix + key.toUpperCase(),
    fileKey: spec.isOutsideFile ? undefined : group === undefined ? key : `${group}.${key}`,
    kind,
    change,
    isSecret: spec.isSecret ?? false,
    defaultValue: defaults[name],
  });
}

function snakeCase(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
