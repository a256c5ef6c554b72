import type { JwtKeys, JwtOptions } from '../../access/index.js';
import { createVerifier } from '../../access/jwt-keys.js';
import type { Logger } from '../../core/ports/logger.js';
import { SystemClock } from '../../system/system-clock.js';
import type { WscJwtOptions } from './module-options.js';
import type { SettingLayer } from './setting-source.js';
import type { SettingName, WscSettings } from './wsc-settings.js';

const keyNames = ['jwtSecret', 'jwtPublicKey', 'jwtJwksUrl'] as const satisfies readonly SettingName[];

const minSecretBytes = 32;
const silent: Logger = { error: ignore, warn: ignore, info: ignore, debug: ignore };

/** What is wrong with the JWT settings. */
export interface JwtFault {
  readonly name: SettingName;
  readonly expected: string;
}

/** Drops the keys of all layers behind the first that has one: a key in code replaces the environment's, of whatever kind. */
export function withFirstKeyOnly(layers: readonly SettingLayer[]): readonly SettingLayer[] {
  const first = layers.findIndex((layer) => keyNames.some((name) => layer.has(name)));
  const isWeaker = (index: number): boolean => first >= 0 && index > first;
  return layers.map((layer, index) =>
    isWeaker(index) ? withoutNames(layer, (name) => keyNames.some((key) => key === name)) : layer,
  );
}

/** Drops everything about tokens: somebody else checks them, or nobody does. */
export function withoutJwt(layers: readonly SettingLayer[]): readonly SettingLayer[] {
  return layers.map((layer) => withoutNames(layer, (name) => name.startsWith('jwt')));
}

/** Whether there is something to check tokens with. */
export function hasJwtKey(settings: WscSettings): boolean {
  return keyNames.some((name) => settings[name] !== undefined);
}

/** What the authenticator takes; undefined without a key. */
export function toJwtOptions(settings: WscSettings, options: WscJwtOptions = {}): JwtOptions | undefined {
  const keys = keysOf(settings);
  if (keys === undefined) return undefined;
  const { userIdFrom, userTypeClaim, nameClaim, clockToleranceSeconds } = options;
  return Object.freeze({
    keys: Object.freeze(keys),
    algorithms: anyWhenEmpty(settings.jwtAlgorithms),
    issuer: anyWhenEmpty(settings.jwtIssuer),
    audience: anyWhenEmpty(settings.jwtAudience),
    userIdFrom,
    userTypeClaim,
    nameClaim,
    clockToleranceSeconds,
  });
}

/** The first thing that is wrong with keys and algorithms. */
export function findJwtFault(settings: WscSettings): JwtFault | undefined {
  const given = keyNames.filter((name) => settings[name] !== undefined);
  const [name, second] = given;
  if (second !== undefined)
    return { name: second, expected: 'one of jwt.secret, jwt.publicKey and jwt.jwksUrl, not several' };
  const keys = keysOf(settings);
  if (name === undefined || keys === undefined) return undefined;
  if ('secret' in keys && Buffer.byteLength(keys.secret) < minSecretBytes) {
    return {
      name,
      expected: `at least ${minSecretBytes} bytes (RFC 7518 §3.2), for example from "openssl rand -base64 32"`,
    };
  }
  return (
    tryVerifier(name, () => createVerifier(keys, undefined, dependencies())) ??
    tryVerifier('jwtAlgorithms', () => createVerifier(keys, settings.jwtAlgorithms, dependencies()))
  );
}

function keysOf({ jwtSecret, jwtPublicKey, jwtJwksUrl }: WscSettings): JwtKeys | undefined {
  if (jwtSecret !== undefined) return { secret: jwtSecret };
  // A PEM in one line of an environment file.
  if (jwtPublicKey !== undefined) return { publicKey: jwtPublicKey.replaceAll('\\n', '\n') };
  return jwtJwksUrl === undefined ? undefined : { jwks: Object.freeze({ url: jwtJwksUrl }) };
}

function tryVerifier(name: SettingName, create: () => unknown): JwtFault | undefined {
  try {
    create();
    return undefined;
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/\.$/, '') : String(error);
    return {
      name,
      expected: name === 'jwtAlgorithms' ? `algorithms of the key (${why})` : `a key that can be used (${why})`,
    };
  }
}

function dependencies(): { readonly clock: SystemClock; readonly logger: Logger } {
  return { clock: new SystemClock(), logger: silent };
}

function withoutNames(layer: SettingLayer, isUnwanted: (name: SettingName) => boolean): SettingLayer {
  return new Map([...layer].filter(([name]) => !isUnwanted(name)));
}

function anyWhenEmpty(list: readonly string[]): readonly string[] | undefined {
  return list.length === 0 ? undefined : list;
}

function ignore(): void {
  // Faults are told by what is thrown.
}
