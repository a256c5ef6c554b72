import { WscConfigError, type ConfigFault } from './config-fault.js';
import type { ConfigFile } from './config-file.js';
import { didYouMean } from './did-you-mean.js';
import { fieldOfOption, settingFields, type LiveSettingName } from './setting-fields.js';
import type { GivenSetting, SettingLayer } from './setting-source.js';
import type { SettingName, WscSettings } from './wsc-settings.js';

/** What may change while the application runs. */
export type LiveSettings = { readonly [Name in LiveSettingName]?: WscSettings[Name] | undefined };

const liveOptions = settingFields.filter(({ change }) => change === 'live').map(({ option }) => option);

/**
 * Changes at run time, as a layer over all others. They may come from an HTTP request: names are checked too.
 * @throws {WscConfigError} for settings that need a restart, and for what is none.
 */
export function readChanges(changes: LiveSettings): SettingLayer {
  const layer = new Map<SettingName, GivenSetting>();
  const faults: ConfigFault[] = [];
  for (const [option, value] of Object.entries(changes)) {
    const field = fieldOfOption(option);
    if (field?.change === 'live') {
      if (value !== undefined) layer.set(field.name, { value, source: { kind: 'update' } });
    } else if (field !== undefined) {
      faults.push({
        what: option,
        expected: 'a restart with the new value; it cannot change while the application runs',
      });
    } else {
      faults.push({
        what: JSON.stringify(option),
        expected: `a setting that can change${didYouMean(option, liveOptions)}`,
      });
    }
  }
  if (faults.length > 0) throw new WscConfigError(faults);
  return layer;
}

/** A file that changed while the application runs, and which of its changes have to wait for a restart. */
export interface RereadFile {
  /** With the previous values of what can't change now. */
  readonly file: ConfigFile;
  readonly waiting: readonly SettingName[];
}

/** Takes of a changed file what may change now. */
export function keepUntilRestart(previous: ConfigFile, next: ConfigFile): RereadFile {
  const layer = new Map(next.layer);
  const waiting: SettingName[] = [];
  for (const { name, change } of settingFields) {
    if (change === 'live') continue;
    const before = previous.layer.get(name);
    if (JSON.stringify(before?.value) !== JSON.stringify(next.layer.get(name)?.value)) waiting.push(name);
    if (before === undefined) layer.delete(name);
    else layer.set(name, before);
  }
  return { file: { ...next, layer }, waiting };
}
