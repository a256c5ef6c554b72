import { parseArgs, type ParseArgsConfig } from 'node:util';

/** What is said instead of running anything: help, or what is wrong with the arguments. */
export interface Answer {
  readonly kind: 'answer';
  readonly text: string;
  readonly exitCode: 0 | 2;
}

/** What was asked for. */
export const inform = (text: string): Answer => ({ kind: 'answer', text, exitCode: 0 });

/** Says it where it belongs, and leaves the exit code. */
export function say({ text, exitCode }: Answer): void {
  if (exitCode === 0) console.log(text);
  else console.error(text);
  process.exitCode = exitCode;
}

/** Reads arguments with `read`; what it throws becomes an answer that points at the help of `command`. */
export function readArguments<T>(command: string, read: () => T): T | Answer {
  try {
    return read();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'answer', text: `${message}\nSee ${command} -- --help.`, exitCode: 2 };
  }
}

type OptionSpecs = NonNullable<ParseArgsConfig['options']>;

/** Says what is wrong with options in our words; Node's own explain how `parseArgs` is called. @throws {Error} */
export function checkOptions(args: readonly string[], options: OptionSpecs): void {
  const { tokens } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true, tokens: true });
  for (const token of tokens) {
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    // Not `in`: an option `--constructor` would be one of Object's.
    const spec = Object.hasOwn(options, token.name) ? options[token.name] : undefined;
    if (spec === undefined) throw new Error(`There is no option "${rawName}".`);
    if (spec.type === 'boolean' && value !== undefined)
      throw new Error(`Expected no value for ${rawName}, got "${value}".`);
    // `--rounds --smoke`: the value was forgotten.
    const isMissing = value === undefined || (!token.inlineValue && value.startsWith('-'));
    if (spec.type === 'string' && isMissing) throw new Error(`Expected a value behind ${rawName}.`);
  }
}

/** @throws {Error} where `text` is none, or out of the range. */
export function wholeNumber(option: string, text: string, [from, to]: readonly [number, number]): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= from && value <= to) return value;
  const range = `${from.toLocaleString('en')} to ${to.toLocaleString('en')}`;
  throw new Error(`Expected ${option} to be a whole number from ${range}, got "${text}".`);
}
