import { checkSettings } from './check-settings.js';
import { loadConfigFile, type ConfigFile } from './config-file.js';
import { WscConfigError } from './config-fault.js';
import { readEnvironment, warnOfUnknownVariables, type Environment } from './environment-layer.js';
import { hasJwtKey, withFirstKeyOnly, withoutJwt } from './jwt-settings.js';
import type { WscModuleOptions } from './module-options.js';
import { readOptions } from './option-layer.js';
import { defaultSource, type GivenSetting, type SettingLayer, type SettingSource } from './setting-source.js';
import { settingFields } from './setting-fields.js';
import { WscSettings, type SettingName } from './wsc-settings.js';

/** Where settings may come from. */
export interface SettingInputs {
  readonly options: WscModuleOptions;
  readonly environment: Environment;
  readonly file?: ConfigFile | undefined;
  /** What was changed while the application runs; it wins. */
  readonly updates?: SettingLayer | undefined;
}

/** Checked settings, and what a person should know about them. */
export interface ResolvedSettings {
  readonly settings: WscSettings;
  readonly sources: ReadonlyMap<SettingName, SettingSource>;
  readonly warnings: readonly string[];
}

/**
 * Updates win over code, which wins over the environment, which wins over the file, which wins over the defaults.
 * @throws {WscConfigError} naming everything that is wrong.
 */
export function resolveSettings(inputs: SettingInputs): ResolvedSettings {
  const { options, environment, file = noFile, updates = new Map() } = inputs;
  const given = readOptions(options);
  const layers = [updates, given.layer, readEnvironment(environment), file.layer];
  const merged = mergeLayers(withJwtOfOneSource(layers, options));
  const settings = toSettings(merged);
  const sources = new Map(settingFields.map(({ name }) => [name, merged.get(name)?.source ?? defaultSource]));
  const wrong = checkSettings(settings, { sources, options, isProduction: isProduction(environment) });
  const faults = [...given.faults, ...file.faults, ...wrong];
  if (faults.length > 0) throw new WscConfigError(faults);
  const warnings = [
    ...warnOfUnknownVariables(environment, options.ownVariables ?? []),
    ...warnOfSettings(settings, options),
  ];
  return { settings, sources, warnings };
}

const noFile = { layer: new Map(), faults: [] } as const;

/** Whether the rules for production hold (decided by `NODE_ENV`, as everywhere in Node). */
export function isProduction(environment: Environment): boolean {
  return environment['NODE_ENV'] === 'production';
}

/** The file that code or the environment name. What is no path is refused by the setting's rule. */
export function loadNamedFile(options: WscModuleOptions, environment: Environment): ConfigFile | undefined {
  const given = mergeLayers([readOptions(options).layer, readEnvironment(environment)]).get('configFile');
  return typeof given?.value === 'string' ? loadConfigFile(given.value, given.source) : undefined;
}

/** `JWT_*` may be there for the application's own sake, so it does not disturb a gateway that checks tokens another way. */
function withJwtOfOneSource(layers: readonly SettingLayer[], options: WscModuleOptions): readonly SettingLayer[] {
  const isUnused = options.authenticator !== undefined || mergeLayers(layers).get('auth')?.value === 'none';
  return isUnused ? withoutJwt(layers) : withFirstKeyOnly(layers);
}

function mergeLayers(layers: readonly SettingLayer[]): SettingLayer {
  const merged = new Map<SettingName, GivenSetting>();
  for (const layer of layers) for (const [name, setting] of layer) if (!merged.has(name)) merged.set(name, setting);
  return merged;
}

function toSettings(layer: SettingLayer): WscSettings {
  const values = Object.fromEntries([...layer].map(([name, { value }]) => [name, frozenCopy(value)]));
  return Object.freeze(Object.assign(new WscSettings(), values));
}

function frozenCopy(value: unknown): unknown {
  return Array.isArray(value) ? Object.freeze(value.map((entry: unknown) => entry)) : value;
}

function warnOfSettings(settings: WscSettings, { authenticator }: WscModuleOptions): readonly string[] {
  const { enabled, auth, host, port, configWatch, configFile, jwtIssuer, jwtAudience } = settings;
  if (!enabled) return [];
  const warnings: string[] = [];
  const canAuthenticate = authenticator !== undefined || hasJwtKey(settings);
  if (!canAuthenticate && auth !== 'none') {
    warnings.push(
      'Connections are anonymous: there is no JWT key and no authenticator, so nobody can be addressed by user. ' +
        'Set JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL, give the option authenticator, or say auth: "none" (WSC_AUTH=none) if you mean it.',
    );
    if (jwtIssuer.length + jwtAudience.length > 0)
      warnings.push('JWT_ISSUER and JWT_AUDIENCE do nothing without a JWT key.');
  }
  if (host !== undefined && port === undefined) warnings.push('host (WSC_HOST) does nothing without port (WSC_PORT).');
  if (configWatch && configFile === undefined)
    warnings.push('configWatch (WSC_CONFIG_WATCH) does nothing without configFile (WSC_CONFIG_FILE).');
  return warnings;
}
