import { parseArgs } from 'node:util';

/** What the command line asks for. */
export type Command =
  | { readonly kind: 'answer'; readonly text: string; readonly exitCode: 0 | 2 }
  | { readonly kind: 'run'; readonly clientCount: number };

const usage = `npm run rolling-deploy [-- options]

Restarts three gateways behind nginx one after the other, with clients connected and messages on their way, and prints
how long the clients of each were away. Ends with 1 where a message was lost, a client left behind or not resumed.
Needs redis-server and nginx, of which each client takes two file descriptors (ulimit -n).

  --clients N    1 to 100000  [5000]
  --help         this text`;

const options = {
  clients: { type: 'string', default: '5000' },
  help: { type: 'boolean', default: false },
} as const;

/** Reads the arguments behind `npm run rolling-deploy --`. */
export function parseCommandLine(args: readonly string[]): Command {
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return { kind: 'answer', text: usage, exitCode: 0 };
    return { kind: 'run', clientCount: parseClients(values.clients) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { kind: 'answer', text: `${message}\nSee npm run rolling-deploy -- --help.`, exitCode: 2 };
  }
}

function parseClients(text: string): number {
  if (/^([1-9]\d{0,4}|100000)$/.test(text)) return Number(text);
  throw new Error(`Expected --clients to be a whole number from 1 to 100000, got "${text}".`);
}
