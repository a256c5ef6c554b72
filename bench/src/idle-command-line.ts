import { parseArgs } from 'node:util';
import { checkOptions, inform, readArguments, wholeNumber, type Answer } from './arguments.js';

/** How many idle connections are held, and how. */
export interface IdleOptions {
  readonly connections: number;
  readonly durationMs: number;
  readonly heartbeatMs: number;
}

/** What the command line asks for. */
export type IdleCommand = Answer | { readonly kind: 'run'; readonly options: IdleOptions };

const options = {
  connections: { type: 'string', default: '10000' },
  minutes: { type: 'string', default: '5' },
  'heartbeat-ms': { type: 'string', default: '30000' },
  help: { type: 'boolean', default: false },
} as const;

/** One client address has no more ports than that for one server. */
const maxConnections = 60_000;
const maxMinutes = 24 * 60;
const heartbeatRangeMs = [100, 60 * 60_000] as const;

const usage = `npm run bench:idle [-- options]

Holds idle connections on the demo gateway, which runs in a process of its own, with heartbeats, and prints what they cost.
Memory is what the system says of the gateway (/proc, so it needs Linux). Exit code 1 where a connection was lost.

  --connections N     how many, up to 60,000; the system must allow as many open files and ports  [10000]
  --minutes N         for how long; may be a fraction  [5]
  --heartbeat-ms N    time between two pings to a connection  [30000]
  --help              this text`;

/** Reads the arguments behind `npm run bench:idle --`. */
export function parseIdleCommandLine(args: readonly string[]): IdleCommand {
  return readArguments('npm run bench:idle', () => {
    checkOptions(args, options);
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (values.help) return inform(usage);
    const [stray] = positionals;
    if (stray !== undefined) throw new Error(`Expected nothing but options, got "${stray}".`);
    return {
      kind: 'run',
      options: {
        connections: wholeNumber('--connections', values.connections, [1, maxConnections]),
        durationMs: parseMinutes(values.minutes) * 60_000,
        heartbeatMs: wholeNumber('--heartbeat-ms', values['heartbeat-ms'], heartbeatRangeMs),
      },
    };
  });
}

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (minutes > 0 && minutes <= maxMinutes) return minutes;
  throw new Error(`Expected --minutes to be a number over 0, up to ${maxMinutes.toLocaleString('en')}, got "${text}".`);
}
