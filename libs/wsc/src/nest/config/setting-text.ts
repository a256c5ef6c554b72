import type { SettingKind } from './setting-fields.js';

/**
 * Reads text from the environment or a file. What is not of the kind stays text, so that the setting's rule refuses it and
 * says what it expects.
 */
export function readSettingText(text: string, kind: SettingKind): unknown {
  const trimmed = text.trim();
  switch (kind) {
    case 'flag':
      return readFlag(trimmed);
    case 'number':
      return /^-?\d{1,15}$/.test(trimmed) ? Number(trimmed) : trimmed;
    case 'list':
      return readList(trimmed);
    case 'text':
      return trimmed;
  }
}

/** A value as a variable or a list in a file would be written; empty for undefined. */
export function writeSettingText(value: string | number | boolean | readonly string[] | undefined): string {
  if (value === undefined) return '';
  return typeof value === 'object' ? value.join(',') : String(value);
}

function readFlag(text: string): boolean | string {
  if (/^(?:true|1|yes)$/i.test(text)) return true;
  return /^(?:false|0|no)$/i.test(text) ? false : text;
}

function readList(text: string): readonly string[] {
  return text
    .split(',')
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
}
