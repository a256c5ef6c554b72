import { validateSync } from 'class-validator';
import type { ConfigFault } from './config-fault.js';
import { findJwtFault, hasJwtKey } from './jwt-settings.js';
import type { WscModuleOptions } from './module-options.js';
import { fieldOf, isSettingName } from './setting-fields.js';
import { defaultSource, type SettingSource } from './setting-source.js';
import { showValue } from './show-value.js';
import type { SettingName, WscSettings } from './wsc-settings.js';

/** What the checks look at besides the settings. */
export interface CheckContext {
  readonly sources: ReadonlyMap<SettingName, SettingSource>;
  readonly options: WscModuleOptions;
  readonly isProduction: boolean;
}

interface SettingFault {
  readonly name: SettingName;
  readonly expected: string;
}

/** What must hold between settings. Asked only while those that it is about are good by themselves. */
interface CrossCheck {
  readonly about: readonly SettingName[];
  readonly find: (settings: WscSettings, context: CheckContext) => SettingFault | undefined;
}

const crossChecks: readonly CrossCheck[] = [
  {
    about: ['heartbeatIntervalMs', 'clientTimeoutMs'],
    find: ({ heartbeatIntervalMs, clientTimeoutMs }) =>
      heartbeatIntervalMs > 0 && clientTimeoutMs > 0 && clientTimeoutMs <= heartbeatIntervalMs
        ? {
            name: 'clientTimeoutMs',
            expected: `more than heartbeatIntervalMs (${heartbeatIntervalMs}), or 0 for never`,
          }
        : undefined,
  },
  {
    about: ['origins', 'allowAllOrigins'],
    find: ({ origins, allowAllOrigins }, { isProduction }) =>
      isProduction && !allowAllOrigins && origins.includes('*')
        ? {
            name: 'origins',
            expected: 'the origins of your pages in production, or allowAllOrigins (WSC_ALLOW_ALL_ORIGINS=true)',
          }
        : undefined,
  },
  {
    about: ['protocols', 'defaultProtocol'],
    find: ({ protocols, defaultProtocol }) =>
      protocols.includes(defaultProtocol)
        ? undefined
        : { name: 'defaultProtocol', expected: `one of protocols (${protocols.join(', ')})` },
  },
  { about: ['jwtSecret', 'jwtPublicKey', 'jwtJwksUrl', 'jwtAlgorithms'], find: findJwtFault },
  {
    about: ['auth'],
    find: (settings, { options }) =>
      settings.auth === 'required' && options.authenticator === undefined && !hasJwtKey(settings)
        ? {
            name: 'auth',
            expected: 'a JWT key (JWT_SECRET, JWT_PUBLIC_KEY or JWT_JWKS_URL) or the option authenticator beside it',
          }
        : undefined,
  },
  {
    about: ['port'],
    find: ({ port }, { options }) =>
      options.https !== undefined && port === undefined
        ? {
            name: 'port',
            expected: 'a port, since https is the TLS of the own port; that of the HTTP server is given to Nest',
          }
        : undefined,
  },
];

/** Everything that is wrong with the values, by itself and together. A gateway that is switched off is asked for less. */
export function checkSettings(settings: WscSettings, context: CheckContext): readonly ConfigFault[] {
  const faults = ruleFaults(settings);
  const wrong = new Set(faults.map(({ name }) => name));
  for (const { about, find } of settings.enabled ? crossChecks : []) {
    const fault = about.some((name) => wrong.has(name)) ? undefined : find(settings, context);
    if (fault !== undefined) faults.push(fault);
  }
  return faults.map((fault) => toConfigFault(fault, settings, context.sources));
}

/** As an error names it. */
function toConfigFault(
  { name, expected }: SettingFault,
  settings: Partial<WscSettings>,
  sources: ReadonlyMap<SettingName, SettingSource>,
): ConfigFault {
  const { option, isSecret } = fieldOf(name);
  const value = settings[name];
  if (value === undefined) return { what: option, expected };
  return { what: option, source: sources.get(name) ?? defaultSource, value: showValue(value, isSecret), expected };
}

/** All constraints of a setting say the same, so the first will do. */
function ruleFaults(settings: WscSettings): SettingFault[] {
  const errors = validateSync(settings, { forbidUnknownValues: true });
  return errors.flatMap(({ property, constraints = {} }) => {
    const [expected] = Object.values(constraints);
    return isSettingName(property) && expected !== undefined ? [{ name: property, expected }] : [];
  });
}
