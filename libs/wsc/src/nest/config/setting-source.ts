import type { SettingName } from './wsc-settings.js';

/** Where the value of a setting came from. */
export type SettingSource =
  | { readonly kind: 'update' }
  | { readonly kind: 'option'; readonly option: string }
  | { readonly kind: 'environment'; readonly variable: string }
  | { readonly kind: 'file'; readonly path: string; readonly line: number }
  | { readonly kind: 'default' };

/** A value as it was given, not checked yet. */
export interface GivenSetting {
  readonly value: unknown;
  readonly source: SettingSource;
}

/** What one source gives. */
export type SettingLayer = ReadonlyMap<SettingName, GivenSetting>;

export const defaultSource: SettingSource = Object.freeze({ kind: 'default' });

/** In words, for the log and for errors: `environment variable WSC_PORT`, `/etc/wsc.yaml:7`. */
export function describeSource(source: SettingSource): string {
  switch (source.kind) {
    case 'update':
      return 'WscConfigService.update()';
    case 'option':
      return `option ${source.option}`;
    case 'environment':
      return `environment variable ${source.variable}`;
    case 'file':
      return `${source.path}:${source.line}`;
    case 'default':
      return 'default';
  }
}
