import { parseArgs } from 'node:util';
import { failures, findFailure, type Failure } from './failures.js';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'answer'; readonly text: string; readonly exitCode: 0 | 2 }
  | {
      readonly kind: 'run';
      readonly roundCount: number;
      readonly failures: readonly Failure[];
      /** Whether the results go into docs/. */
      readonly isWritten: boolean;
    };

const usage = (): string => `npm run failover-loss [-- options]

Has Redis fail in each way for which it can be set up, while two gateways acknowledge up to 500 sends per second, and
counts what was acknowledged and never comes. Needs redis-server; the rows of power cuts need a C compiler, cc.
A round takes about 20 s; leave the machine alone meanwhile.

  --rounds N     of each, 1 to 100  [5]
  --only NAMES   with commas between: some of
                 ${failures.map(({ name }) => name).join('\n                 ')}
  --write        writes docs/failover-loss.json and the table in docs/delivery.md; rows that were not measured now stay
  --help         this text`;

const options = {
  rounds: { type: 'string', default: '5' },
  only: { type: 'string' },
  write: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments behind `npm run failover-loss --`. */
export function parseCommandLine(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return { kind: 'answer', text: usage(), exitCode: 0 };
    return {
      kind: 'run',
      roundCount: parseRounds(values.rounds),
      failures: values.only === undefined ? failures : values.only.split(',').map(findFailure),
      isWritten: values.write,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'answer', text: `${message}\nSee npm run failover-loss -- --help.`, exitCode: 2 };
  }
}

function parseRounds(text: string): number {
  if (/^([1-9]\d?|100)$/.test(text)) return Number(text);
  throw new Error(`Expected --rounds to be a whole number from 1 to 100, got "${text}".`);
}
