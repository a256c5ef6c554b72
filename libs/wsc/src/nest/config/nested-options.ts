import { isName, nameRule } from '@nest-wsc/protocol';
import { backpressures, isBackpressure, type NamespaceOptions } from '../../core/index.js';
import type { ConfigFault } from './config-fault.js';
import { didYouMean } from './did-you-mean.js';
import type { WscModuleOptions } from './module-options.js';
import { showValue } from './show-value.js';

interface Rule {
  readonly expected: string;
  readonly holds: (value: unknown) => boolean;
}

type Rules<Options> = Readonly<Record<keyof Options & string, Rule>>;

const flag: Rule = { expected: 'true or false', holds: (value) => typeof value === 'boolean' };
const count: Rule = {
  expected: 'a whole number, 0 for no limit of its own',
  holds: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
};
const object: Rule = { expected: 'an object', holds: (value) => typeof value === 'object' && value !== null };

const namespaceRules: Rules<NamespaceOptions> = {
  joinable: flag,
  memberPublish: flag,
  presence: flag,
  announceMembers: flag,
  maxMembers: count,
  backpressure: { expected: `one of ${backpressures.join(', ')}`, holds: isBackpressure },
  policy: object,
};

const connectRules: Rules<NonNullable<WscModuleOptions['connect']>> = { globalGuards: flag };

/** What is wrong within the options that are objects: a mistyped right must not be taken for the default in silence. */
export function findNestedFaults({ namespaces, connect }: WscModuleOptions): readonly ConfigFault[] {
  return [
    ...(connect === undefined ? [] : findFaults(connect, 'connect', connectRules)),
    ...Object.entries(namespaces ?? {}).flatMap(([name, options]) => [
      ...findNameFaults(name),
      ...findFaults(options, `namespaces.${name}`, namespaceRules),
    ]),
  ];
}

function findNameFaults(name: string): readonly ConfigFault[] {
  if (isName(name) && !name.includes(':')) return [];
  return [{ what: `namespaces.${showValue(name)}`, expected: `a name of ${nameRule.replace(' :', '')}` }];
}

function findFaults(options: unknown, path: string, rules: Readonly<Record<string, Rule>>): readonly ConfigFault[] {
  if (typeof options !== 'object' || options === null) {
    return [{ what: path, value: showValue(options), expected: object.expected }];
  }
  return Object.entries(options).flatMap(([name, value]: [string, unknown]) => {
    if (value === undefined) return [];
    const what = `${path}.${name}`;
    const rule = Object.hasOwn(rules, name) ? rules[name] : undefined;
    if (rule === undefined) {
      const expected = `one of ${Object.keys(rules).join(', ')}${didYouMean(name, Object.keys(rules))}`;
      return [{ what: JSON.stringify(what), expected }];
    }
    return rule.holds(value) ? [] : [{ what, value: showValue(value), expected: rule.expected }];
  });
}
