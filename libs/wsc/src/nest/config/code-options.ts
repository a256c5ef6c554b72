import { isName, nameRule } from '@nest-wsc/protocol';
import {
  backpressures,
  isBackpressure,
  type AddressPolicy,
  type Authenticator,
  type Broker,
  type ConnectTokens,
  type Inbox,
  type NamespaceOptions,
  type Presence,
  type RequestClaims,
  type RevocationList,
  type RoomPolicy,
  type Sessions,
  type Streams,
} from '../../core/index.js';
import type { ConfigFault } from './config-fault.js';
import type { WscCodeOptions, WscJwtOptions, WscModuleOptions } from './module-options.js';
import {
  callable,
  count,
  fieldsOf,
  flag,
  guard,
  isObject,
  listOf,
  must,
  object,
  seconds,
  text,
  withMethods,
  withOptionalMethods,
  wrongOption,
  type OptionCheck,
  type OptionRule,
} from './option-rules.js';
import { findRedisFault, type WscRedisOptions } from './redis-settings.js';
import { showValue } from './show-value.js';

/** Every method that a port must have; the compiler holds it complete. */
type Methods<Port> = Readonly<Record<RequiredKey<Port> & string, true>>;
type RequiredKey<Port> = { [Key in keyof Port]-?: object extends Pick<Port, Key> ? never : Key }[keyof Port];
type Rules<Options> = Readonly<Record<keyof Options & string, OptionRule>>;

const authenticator: Methods<Authenticator> = { authenticate: true, verify: true };
const revocations: Methods<RevocationList> = { revoke: true, isRevoked: true };
const connectTokens: Methods<ConnectTokens> = { issue: true, redeem: true };
const addresses: Methods<AddressPolicy> = { clientAddress: true, isAllowed: true };
const broker: Methods<Broker> = { start: true, publish: true, subscribe: true, unsubscribe: true, close: true };
const inbox: Methods<Inbox> = {
  store: true,
  unacknowledged: true,
  acknowledge: true,
  acknowledgeUpTo: true,
  isAcknowledged: true,
  deadLetters: true,
  takeDeadLetter: true,
  size: true,
  close: true,
};
const sessions: Methods<Sessions> = {
  save: true,
  extend: true,
  replace: true,
  take: true,
  remove: true,
  removeOf: true,
  close: true,
};
const streams: Methods<Streams> = {
  append: true,
  read: true,
  readFromStart: true,
  tops: true,
  delete: true,
  close: true,
};
const requestClaims: Methods<RequestClaims> = { claim: true, finish: true, release: true, close: true };
const presence: Methods<Presence> = {
  start: true,
  reserve: true,
  release: true,
  added: true,
  removed: true,
  joined: true,
  left: true,
  isOnline: true,
  onlineUsers: true,
  onlineUserCount: true,
  connectionsOf: true,
  roomUsers: true,
  close: true,
};
const policy: Readonly<Record<keyof RoomPolicy, true>> = {
  authorizeJoin: true,
  authorizePublish: true,
  authorizePresence: true,
  authorizeHistory: true,
};

const namespaceRules: Rules<NamespaceOptions> = {
  joinable: flag,
  memberPublish: flag,
  presence: flag,
  announceMembers: flag,
  maxMembers: count,
  history: {
    expected: 'true, false or an object with maxMessages, timeToLiveMs, latestValue',
    holds: (value) => typeof value === 'boolean' || isObject(value),
  },
  backpressure: { expected: `one of ${backpressures.join(', ')}`, holds: isBackpressure },
  policy: withOptionalMethods(Object.keys(policy)),
};

const connectRules: Rules<NonNullable<WscModuleOptions['connect']>> = { globalGuards: flag };

const checks: Readonly<Record<keyof WscCodeOptions, OptionCheck>> = {
  authenticator: mustBePort(authenticator),
  revocations: mustBePort(revocations),
  connectTokens: mustBePort(connectTokens),
  addresses: mustBePort(addresses),
  checkOrigin: must(callable),
  connectGuards: listOf(guard),
  connect: fieldsOf(connectRules),
  upgradeMiddleware: listOf(callable),
  namespaces: checkNamespaces,
  authorizeChat: must(callable),
  broker: mustBePort(broker),
  streams: mustBePort(streams),
  inbox: mustBePort(inbox),
  sessions: mustBePort(sessions),
  requestClaims: mustBePort(requestClaims),
  presence: mustBePort(presence),
  https: must(object),
  ownVariables: listOf(text),
};

const jwtRules = {
  userIdFrom: callable,
  userTypeClaim: text,
  nameClaim: text,
  clockToleranceSeconds: seconds,
} satisfies Partial<Rules<WscJwtOptions>>;

/**
 * What is wrong with the options that only code can give. They would fail at the first connection otherwise, and a mistyped
 * right must not be taken for the default in silence.
 */
export function findCodeOptionFaults(options: WscModuleOptions): readonly ConfigFault[] {
  return [
    ...Object.entries(checks).flatMap(([name, check]) => checkGiven(options, name, (value) => check(name, value))),
    ...checkGiven(options, 'jwt', checkJwt),
    ...checkRedis(options.redis),
  ];
}

function checkGiven(options: object, name: string, check: (value: unknown) => readonly ConfigFault[]) {
  const value: unknown = Reflect.get(options, name);
  return value === undefined ? [] : check(value);
}

/** Its keys are settings; what is no object may be the secret itself, which is not shown. */
function checkJwt(jwt: unknown): readonly ConfigFault[] {
  const expected = 'an object with secret, publicKey or jwksUrl';
  if (!isObject(jwt)) return [{ what: 'jwt', source: { kind: 'option', option: 'jwt' }, expected }];
  return Object.entries(jwtRules).flatMap(([name, rule]) =>
    checkGiven(jwt, name, (value) => must(rule)(`jwt.${name}`, value)),
  );
}

/** What it is is not shown: it may hold passwords. */
function checkRedis(redis: WscRedisOptions | undefined): readonly ConfigFault[] {
  const expected = findRedisFault(redis);
  return expected === undefined ? [] : [{ what: 'redis', source: { kind: 'option', option: 'redis' }, expected }];
}

function mustBePort(methods: Readonly<Record<string, true>>): OptionCheck {
  return must(withMethods(Object.keys(methods)));
}

function checkNamespaces(option: string, value: unknown): readonly ConfigFault[] {
  if (!isObject(value)) return [wrongOption(option, value, { expected: 'an object of namespaces' })];
  const checkNamespace = fieldsOf(namespaceRules);
  return Object.entries(value).flatMap(([name, namespace]: [string, unknown]) => [
    ...findNameFaults(option, name),
    ...checkNamespace(`${option}.${name}`, namespace),
  ]);
}

function findNameFaults(option: string, name: string): readonly ConfigFault[] {
  if (isName(name) && !name.includes(':')) return [];
  const expected = `a name of ${nameRule.replace(' :', '')}`;
  return [{ what: `${option}.${showValue(name)}`, source: { kind: 'option', option }, expected }];
}
