import { didYouMean } from './did-you-mean.js';
import { settingFields } from './setting-fields.js';
import type { GivenSetting, SettingLayer } from './setting-source.js';
import { readSettingText } from './setting-text.js';
import type { SettingName } from './wsc-settings.js';

/** Environment variables, as `process.env` has them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** What the environment gives. An empty variable counts as absent: `WSC_PORT=` in a compose file means "not set". */
export function readEnvironment(environment: Environment): SettingLayer {
  const layer = new Map<SettingName, GivenSetting>();
  for (const { name, variable, kind } of settingFields) {
    const text = environment[variable];
    if (text === undefined || text.trim() === '') continue;
    layer.set(name, { value: readSettingText(text, kind), source: { kind: 'environment', variable } });
  }
  return layer;
}

/**
 * A warning per `WSC_*` variable that nobody reads. It may be the application's own, so it is no error.
 * @param ownVariables those that the application says it reads itself.
 */
export function warnOfUnknownVariables(environment: Environment, ownVariables: readonly string[]): readonly string[] {
  const known = new Set(settingFields.map(({ variable }) => variable));
  return Object.keys(environment)
    .filter((variable) => variable.startsWith('WSC_') && !known.has(variable) && !ownVariables.includes(variable))
    .map(
      (variable) =>
        `The environment variable ${JSON.stringify(variable)} is not a setting${didYouMean(variable, known) || '.'}`,
    );
}
