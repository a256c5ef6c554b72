import type { ConfigFault } from './config-fault.js';
import { didYouMean } from './did-you-mean.js';
import type { SettingSource } from './setting-source.js';
import { showValue } from './show-value.js';

/** What an option that is no setting must be. */
export interface OptionRule {
  /** Reads on after "expected". */
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
  /** A text given instead may be a URL with a password, or a key: its length is shown only. */
  readonly hidesText?: true;
}

export const flag: OptionRule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' };

export const count: OptionRule = {
  expected: 'a whole number, 0 for no limit of its own',
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};

export const seconds: OptionRule = {
  expected: 'a number of seconds, 0 or more',
  holds: (value) => typeof value === 'number' && Number.isFinite(value) && value >= 0,
};

export const text: OptionRule = {
  expected: 'a text that is not empty',
  holds: (value) => typeof value === 'string' && value !== '',
};

export const object: OptionRule = { expected: 'an object', holds: isObject, hidesText: true };

/** A class would throw when it is called. */
export const callable: OptionRule = {
  expected: 'a function',
  holds: (value) => typeof value === 'function' && !isClass(value),
};

/** A guard, or the class of one that Nest makes. */
export const guard: OptionRule = {
  expected: 'a guard: a class, or an object with the method canActivate',
  holds: (value) => (typeof value === 'function' ? isClass(value) : withMethods(['canActivate']).holds(value)),
};

/** An object that has these methods, of its own or from its class. */
export function withMethods(names: readonly string[]): OptionRule {
  return {
    expected: `an object with the methods ${names.join(', ')}`,
    holds: (value) => isObject(value) && names.every((name) => typeof Reflect.get(value, name) === 'function'),
    hidesText: true,
  };
}

/** An object that may have these methods. */
export function withOptionalMethods(names: readonly string[]): OptionRule {
  const isMethodOrAbsent = (method: unknown): boolean => method === undefined || typeof method === 'function';
  return {
    expected: `an object with any of the methods ${names.join(', ')}`,
    holds: (value) => isObject(value) && names.every((name) => isMethodOrAbsent(Reflect.get(value, name))),
  };
}

export function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** What is wrong with the value of an option, `connect.globalGuards` or `connectGuards[0]`. */
export type OptionCheck = (option: string, value: unknown) => readonly ConfigFault[];

/** The value holds the rule. */
export function must(rule: OptionRule): OptionCheck {
  return (option, value) => (rule.holds(value) ? [] : [wrongOption(option, value, rule)]);
}

/** A list whose entries hold the rule each. */
export function listOf(rule: OptionRule): OptionCheck {
  const checkEntry = must(rule);
  return (option, value) =>
    Array.isArray(value)
      ? value.flatMap((entry: unknown, index) => checkEntry(`${option}[${index}]`, entry))
      : [wrongOption(option, value, { expected: `a list, each of it ${rule.expected}` })];
}

/** An object with these fields and no others. */
export function fieldsOf(rules: Readonly<Record<string, OptionRule>>): OptionCheck {
  const names = Object.keys(rules);
  return (option, value) => {
    if (!isObject(value)) return [wrongOption(option, value, object)];
    return Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
      const path = `${option}.${name}`;
      const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
      if (rule !== undefined) return field === undefined ? [] : must(rule)(path, field);
      const expected = `one of ${names.join(', ')}${didYouMean(name, names)}`;
      return field === undefined ? [] : [{ what: JSON.stringify(path), source: sourceOf(option), expected }];
    });
  };
}

/** As an error names it. */
export function wrongOption(
  option: string,
  value: unknown,
  { expected, hidesText }: Pick<OptionRule, 'expected' | 'hidesText'>,
): ConfigFault {
  const isHidden = hidesText === true && typeof value === 'string';
  return {
    what: option,
    source: sourceOf(option),
    value: isHidden ? showValue(value, true) : describeShape(value),
    expected,
  };
}

function sourceOf(option: string): SettingSource {
  return { kind: 'option', option };
}

/** Of objects and functions the outside only: what is in them may be secret, and is long. */
function describeShape(value: unknown): string {
  if (typeof value === 'function') return `${isClass(value) ? 'the class' : 'a function'} ${value.name}`.trimEnd();
  if (!isObject(value)) return value === undefined ? 'undefined' : showValue(value);
  if (Array.isArray(value)) return `a list of ${value.length}`;
  const keys = Object.keys(value);
  return keys.length === 0 ? 'an object without keys' : `an object with ${showValue(keys)}`;
}

function isClass(value: object): boolean {
  return Function.prototype.toString.call(value).startsWith('class');
}
