import { readFileSync } from 'node:fs';
import { isAlias, isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';
import type { CheckedLayer, ConfigFault } from './config-fault.js';
import { didYouMean } from './did-you-mean.js';
import { settingFields, type SettingField } from './setting-fields.js';
import type { GivenSetting, SettingSource } from './setting-source.js';
import { readSettingText } from './setting-text.js';
import type { SettingName } from './wsc-settings.js';

const fieldByKey: ReadonlyMap<string, SettingField> = new Map(
  settingFields.flatMap((field) => (field.fileKey === undefined ? [] : [[field.fileKey, field] as const])),
);
const groups: ReadonlySet<string> = new Set(
  [...fieldByKey.keys()].filter((key) => key.includes('.')).map((key) => key.slice(0, key.indexOf('.'))),
);
const knownKeys: readonly string[] = [...fieldByKey.keys(), ...groups];

/** What a file says, as it was when it was read. */
export interface ConfigFile extends CheckedLayer {
  readonly path: string;
  /** Undefined: it could not be read. */
  readonly text: string | undefined;
}

/**
 * @param path from the folder where the process was started.
 * @param source who names it.
 */
export function loadConfigFile(path: string, source: SettingSource): ConfigFile {
  try {
    return parseConfigFile(path, readFileSync(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const expected = `a file that can be read (${why})`;
    const fault = { what: 'configFile', source, value: JSON.stringify(path), expected };
    return { path, text: undefined, layer: new Map(), faults: [fault] };
  }
}

/** What YAML gives under its key `wsc`; other keys are the application's. An empty value counts as absent. */
export function parseConfigFile(path: string, text: string): ConfigFile {
  return { path, text, ...new FileReader(text, path).read() };
}

class FileReader {
  readonly #path: string;
  /** The line break at the end begins no line that anybody sees. */
  readonly #lastOffset: number;
  readonly #lines = new LineCounter();
  readonly #document: Document.Parsed;
  readonly #layer = new Map<SettingName, GivenSetting>();
  readonly #faults: ConfigFault[] = [];

  constructor(text: string, path: string) {
    this.#path = path;
    this.#lastOffset = Math.max(text.trimEnd().length - 1, 0);
    this.#document = parseDocument(text, { lineCounter: this.#lines });
  }

  read(): CheckedLayer {
    for (const { message, pos } of this.#document.errors) {
      this.#refuse('the text', this.#sourceAt(pos[0]), `YAML (${message.split(/ at line|\n/)[0] ?? ''})`);
    }
    if (this.#faults.length === 0) this.#readRoot();
    return { layer: this.#layer, faults: this.#faults };
  }

  /** An empty file is refused: it is what a reader sees while another program writes the file. */
  #readRoot(): void {
    const root: unknown = this.#document.contents;
    if (isMap(root) && root.has('wsc')) this.#readGroup(root.get('wsc', true), '');
    else this.#refuse('the file', this.#sourceAt(0), 'the key wsc with settings under it');
  }

  #readGroup(node: unknown, prefix: string): void {
    const group = isAlias(node) ? node.resolve(this.#document) : node;
    if (group === null || group === undefined || (isScalar(group) && group.value === null)) return;
    if (isMap(group)) for (const { key, value } of group.items) this.#readItem(key, value, prefix);
    else this.#refuse(`wsc.${prefix}`.slice(0, -1), this.#sourceOf(node), 'settings under it');
  }

  #readItem(keyNode: unknown, value: unknown, prefix: string): void {
    const source = this.#sourceOf(keyNode);
    const key = prefix + (isScalar(keyNode) ? String(keyNode.value) : '?');
    const field = fieldByKey.get(key);
    if (field !== undefined) this.#readSetting(field, value, source);
    else if (groups.has(key)) this.#readGroup(value, `${key}.`);
    else this.#refuse(JSON.stringify(`wsc.${key}`), source, `a setting${didYouMean(key, knownKeys)}`);
  }

  #readSetting({ name, kind }: SettingField, node: unknown, source: SettingSource): void {
    const value: unknown = isNode(node) ? node.toJS(this.#document) : node;
    if (value === null || value === undefined || value === '') return;
    this.#layer.set(name, { value: typeof value === 'string' ? readSettingText(value, kind) : value, source });
  }

  #refuse(what: string, source: SettingSource, expected: string): void {
    this.#faults.push({ what, source, expected });
  }

  #sourceOf(node: unknown): SettingSource {
    return this.#sourceAt(isNode(node) ? (node.range?.[0] ?? 0) : 0);
  }

  #sourceAt(offset: number): SettingSource {
    return { kind: 'file', path: this.#path, line: this.#lines.linePos(Math.min(offset, this.#lastOffset)).line };
  }
}
