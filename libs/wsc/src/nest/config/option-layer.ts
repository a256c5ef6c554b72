import { findCodeOptionFaults } from './code-options.js';
import type { CheckedLayer, ConfigFault } from './config-fault.js';
import { didYouMean } from './did-you-mean.js';
import { codeOptionNames, jwtCodeOptionNames, type WscModuleOptions } from './module-options.js';
import { isObject } from './option-rules.js';
import { redisCodeOptionNames, redisOptionEntries } from './redis-settings.js';
import { fieldOfOption, settingFields, type SettingField } from './setting-fields.js';
import type { GivenSetting } from './setting-source.js';
import type { SettingName } from './wsc-settings.js';

/**
 * Stands in what `wscConfig` loads and says which values it found. Those are read again from where they are, instead of
 * counting as given in code; a spread keeps it.
 */
export const loadedValues: unique symbol = Symbol('values loaded by wscConfig');

type LoadedValues = Readonly<Record<string, unknown>>;

const knownOptions: readonly string[] = [
  ...settingFields.map(({ option }) => option),
  ...codeOptionNames,
  ...jwtCodeOptionNames.map((name) => `jwt.${name}`),
  ...redisCodeOptionNames.map((name) => `redis.${name}`),
];

/** What `forRoot` was given, and the options that do not exist. */
export function readOptions(options: WscModuleOptions & { readonly [loadedValues]?: LoadedValues }): CheckedLayer {
  const loaded = options[loadedValues] ?? {};
  const layer = new Map<SettingName, GivenSetting>();
  const faults: ConfigFault[] = [];
  for (const [option, value] of flatten(options)) {
    if (value === undefined || value === null) continue;
    const field = fieldOfOption(option);
    if (field !== undefined) {
      if (value === loaded[field.name]) continue;
      layer.set(field.name, { value: toGiven(field, value), source: { kind: 'option', option } });
    } else if (!knownOptions.includes(option)) {
      faults.push({
        what: JSON.stringify(option),
        expected: `an option of WscModule${didYouMean(option, knownOptions)}`,
      });
    }
  }
  return { layer, faults: [...faults, ...findCodeOptionFaults(options)] };
}

function* flatten(options: WscModuleOptions): Iterable<readonly [option: string, value: unknown]> {
  const { jwt, redis, ...others } = options;
  yield* Object.entries(others);
  yield* redisOptionEntries(redis);
  // What is no object is refused with the options that only code can give.
  for (const [name, value] of isObject(jwt) ? Object.entries(jwt) : []) yield [`jwt.${name}`, value];
}

/** One issuer or audience needs no brackets. */
function toGiven({ name }: SettingField, value: unknown): unknown {
  return (name === 'jwtIssuer' || name === 'jwtAudience') && typeof value === 'string' ? [value] : value;
}
