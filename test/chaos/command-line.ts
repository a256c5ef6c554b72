import { parseArgs } from 'node:util';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'answer'; readonly text: string; readonly exitCode: 0 | 2 }
  | {
      readonly kind: 'run';
      readonly seed: number;
      readonly minutes: number;
      readonly gatewayCount: number;
      readonly clientCount: number;
      /** Where the history is written as JSON. */
      readonly logPath: string | undefined;
    };

const usage = `npm run chaos [-- options]

Runs gateways, a Redis and clients under random faults, heals everything, and checks that every message that was
acknowledged has come to everybody who followed, once and in order, or that they were told. Ends with 1 where not.

  --seed N       chooses the faults and their order; the same seed has the same ones. Who does what in which
                 millisecond differs from run to run, so a rare fault may need several  [random]
  --minutes M    for how long faults begin, 0.1 to 600  [1]
  --gateways N   1 to 20  [3]
  --clients N    2 to 1000, two devices per user  [60]
  --log FILE     writes the history as JSON, an event per line
  --help         this text`;

const options = {
  seed: { type: 'string' },
  minutes: { type: 'string', default: '1' },
  gateways: { type: 'string', default: '3' },
  clients: { type: 'string', default: '60' },
  log: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments behind `npm run chaos --`. */
export function parseCommandLine(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return { kind: 'answer', text: usage, exitCode: 0 };
    return {
      kind: 'run',
      seed:
        values.seed === undefined
          ? Math.floor(Math.random() * 1_000_000)
          : wholeNumber('--seed', values.seed, [0, 4_294_967_295]),
      minutes: numberIn('--minutes', values.minutes, [0.1, 600]),
      gatewayCount: wholeNumber('--gateways', values.gateways, [1, 20]),
      clientCount: wholeNumber('--clients', values.clients, [2, 1_000]),
      logPath: values.log,
    };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'answer', text: `${message}\nSee npm run chaos -- --help.`, exitCode: 2 };
  }
}

function numberIn(option: string, text: string, [from, to]: readonly [number, number]): number {
  const value = Number(text);
  if (text.trim() !== '' && value >= from && value <= to) return value;
  throw new Error(`Expected ${option} to be a number from ${String(from)} to ${String(to)}, got "${text}".`);
}

function wholeNumber(option: string, text: string, range: readonly [number, number]): number {
  const value = numberIn(option, text, range);
  if (Number.isInteger(value)) return value;
  throw new Error(`Expected ${option} to be a whole number, got "${text}".`);
}
