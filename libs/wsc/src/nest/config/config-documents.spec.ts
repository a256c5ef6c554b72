import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { parseConfigFile } from './config-file.js';
import { resolveWscConfig } from './resolve-config.js';
import { settingFields, type SettingField } from './setting-fields.js';
import { writeSettingText } from './setting-text.js';

const root = join(__dirname, '../../../../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const exampleFile = 'libs/wsc/wsc.example.yaml';
const fieldsInFile = settingFields.filter(({ fileKey }) => fileKey !== undefined);

/** What the apps read themselves. */
const appVariables = ['PORT', 'HOST', 'NODE_ENV', 'WSC_DEMO_LOGIN', 'WORKER_RETRY_MS'];

const source = read('libs/wsc/src/nest/config/wsc-settings.ts');

/** What the comment of the setting's property says: the one text that all documents repeat. */
function meaningOf({ name }: SettingField): string {
  const comments = source.matchAll(/^ {2}\/\*\* (.*) \*\/\n((?:(?! {2}\/\*\*).*\n)*?).*readonly (\w+):/gm);
  for (const [, comment, , property] of comments) if (property === name && comment !== undefined) return comment;
  throw new Error(`Expected a comment of one line at ${name}`);
}

/** The setting's line in the tables of docs/configuration.md. */
function tableRow(field: SettingField): string {
  const { option, variable, fileKey, change, defaultValue } = field;
  const value = writeSettingText(defaultValue);
  const names = [option, variable, fileKey, value === '' ? undefined : value];
  const cells = names.map((name) => (name === undefined ? '—' : `\`${name}\``));
  return `| ${[...cells, change, meaningOf(field)].join(' | ')} |`;
}

/** The setting's two lines in .env.example. */
function environmentLines(field: SettingField): string {
  return `# ${meaningOf(field)}\n# ${field.variable}=${writeSettingText(field.defaultValue)}\n`;
}

describe('docs/configuration.md', () => {
  it('has a row for every setting, and none besides', () => {
    const lines = read('docs/configuration.md').split('\n');
    const rows = lines
      .filter((line) => / \| (live|restart) +\| /.test(line))
      .map((line) => line.replaceAll(/ {2,}/g, ' '));
    expect(rows.sort()).toEqual(settingFields.map(tableRow).sort());
  });
});

describe('.env.example', () => {
  const text = read('.env.example');

  it('has every variable with its meaning and default, commented out', () => {
    expect(settingFields.map(environmentLines).filter((lines) => !text.includes(lines))).toEqual([]);
  });

  it('has no other variable but the apps’ own, and sets none', () => {
    const named = [...text.matchAll(/^# ([A-Z][A-Z_]*)=/gm)].map(([, name]) => name);
    expect(named.sort()).toEqual([...settingFields.map(({ variable }) => variable), ...appVariables].sort());
    expect(text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))).toEqual([]);
  });
});

describe('wsc.example.yaml', () => {
  it('gives the defaults', () => {
    const config = resolveWscConfig({ configFile: join(root, exampleFile), nodeId: 'n1' }, {});
    const defaults = resolveWscConfig({ nodeId: 'n1' }, {});
    expect(config.settings).toEqual({ ...defaults.settings, configFile: expect.any(String) });
    expect(config.hub).toEqual(defaults.hub);
  });

  it('leaves out no default, so that an absent line is not taken for one', () => {
    const { layer } = parseConfigFile(exampleFile, read(exampleFile));
    const given = fieldsInFile.filter(({ defaultValue }) => defaultValue !== undefined && defaultValue !== '');
    expect([...layer.keys()].sort()).toEqual(given.map(({ name }) => name).sort());
  });

  it('has the keys of all settings, each with its meaning', () => {
    const example: { wsc: Record<string, unknown> } = parse(read(exampleFile));
    const keys = Object.entries(example.wsc).flatMap(([key, value]) =>
      typeof value === 'object' && value !== null && !Array.isArray(value)
        ? Object.keys(value).map((inner) => `${key}.${inner}`)
        : [key],
    );
    expect(keys.sort()).toEqual(fieldsInFile.map(({ fileKey }) => fileKey).sort());
    const lines = new Set(
      read(exampleFile)
        .split('\n')
        .map((line) => line.trim()),
    );
    expect(fieldsInFile.map((field) => `# ${meaningOf(field)}`).filter((comment) => !lines.has(comment))).toEqual([]);
  });
});
