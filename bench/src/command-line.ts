import { parseArgs } from 'node:util';
import { checkOptions, inform, readArguments, wholeNumber, type Answer } from './arguments.js';
import { peers as allPeers, type PeerName } from './harness/peers.js';
import { scenarios } from './scenarios/index.js';
import type { Scale, Scenario } from './scenarios/scenario.js';

/** What is to be measured, and how. */
export interface RunOptions {
  readonly chosen: readonly Scenario[];
  readonly rounds: number;
  readonly scale: Scale;
  /** Undefined: all. */
  readonly peers: readonly PeerName[] | undefined;
  /** Writes tables and plots. */
  readonly docs: boolean;
  /** A folder in which `bench/results` and `docs` are written; undefined: the repository, where nothing is written of `smoke`. */
  readonly into: string | undefined;
  /** Writes CPU profiles of the servers that Node runs. */
  readonly profile: boolean;
}

/** What the command line asks for. */
export type Command = Answer | { readonly kind: 'run'; readonly options: RunOptions };

const options = {
  rounds: { type: 'string', default: '3' },
  peers: { type: 'string' },
  profile: { type: 'boolean', default: false },
  smoke: { type: 'boolean', default: false },
  docs: { type: 'boolean', default: false },
  into: { type: 'string' },
  list: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const usage = `npm run bench [-- scenario … options]

Measures the gateway beside its peers, each run in processes of its own, all peers in turn. Prints server CPU per operation,
its ratio to Nest's own ws adapter, rates and latencies; writes bench/results/<scenario>.json.

  scenario            a name of --list, or how one begins (burst); all of them by default
  --rounds N          how often each peer is measured; figures are medians  [3]
  --peers a,b         only these: ${allPeers.map(({ name }) => name).join(', ')}
  --docs              puts tables and plots of this run into docs/performance.md and docs/images/performance
  --into DIR          writes there, not into the repository
  --profile           writes CPU profiles of the servers that Node runs into bench/results/profiles (costs a little)
  --smoke             tiny numbers, one round: only to see that everything runs. Judges no goals, writes nothing without
                      --into
  --list              the scenarios
  --help              this text`;

/** Reads the arguments behind `npm run bench --`. */
export function parseCommandLine(args: readonly string[]): Command {
  return readArguments('npm run bench', () => {
    checkOptions(args, options);
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    if (values.help) return inform(usage);
    if (values.list) return inform(scenarios.map(({ name, title }) => `${name.padEnd(24)} ${title}`).join('\n'));
    if (values.docs && values.into === undefined && (values.smoke || values.peers !== undefined)) {
      throw new Error('With --smoke or --peers, figures are not for the repository: --docs needs --into.');
    }
    return {
      kind: 'run',
      options: {
        chosen: chooseScenarios(positionals),
        rounds: values.smoke ? 1 : wholeNumber('--rounds', values.rounds, [1, 100]),
        scale: values.smoke ? 'smoke' : 'full',
        peers: values.peers === undefined ? undefined : values.peers.split(',').map(parsePeer),
        docs: values.docs,
        into: values.into,
        profile: values.profile,
      },
    };
  });
}

function chooseScenarios(names: readonly string[]): readonly Scenario[] {
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name.startsWith(name)));
  if (unknown !== undefined) throw new Error(`There is no scenario "${unknown}"; --list names them.`);
  if (names.length === 0) return scenarios;
  const exact = new Set(names.filter((name) => scenarios.some((scenario) => scenario.name === name)));
  return scenarios.filter(({ name }) =>
    names.some((wanted) => name === wanted || (!exact.has(wanted) && name.startsWith(wanted))),
  );
}

function parsePeer(text: string): PeerName {
  const peer = allPeers.find(({ name }) => name === text);
  if (peer !== undefined) return peer.name;
  throw new Error(`There is no peer "${text}"; there are ${allPeers.map(({ name }) => name).join(', ')}.`);
}
