import { labelOf, summarize, type Missing, type ScenarioResult } from '../report/summarize.js';
import type { Sample, Scale, Scenario, Variant } from '../scenarios/scenario.js';
import { startRun } from './bench-run.js';
import { describePlacement } from './cores.js';
import { peerOf, type PeerName } from './peers.js';
import type { Processes } from './processes.js';
import { findRedis } from './redis-server.js';

/** How scenarios are run. */
export interface MeasureOptions {
  readonly rounds: number;
  readonly scale: Scale;
  readonly processes: Processes;
  /** Undefined: all. */
  readonly peers: readonly PeerName[] | undefined;
  /** A folder for CPU profiles of the servers. */
  readonly profiles: string | undefined;
  /** Told after each run. */
  readonly onProgress: (text: string) => void;
}

/** A run that has hung must not hang the rest. */
const runTimeoutMs = 120_000;

/** Where only is to be seen that everything runs, peers other than ours and Nest's own adapter run in these. */
const smokeOfAllPeers: readonly string[] = ['burst-1000-128b', 'request', 'connect', 'redis-burst', 'recovery-500'];

/** Measures a scenario: all variants in turn, again and again, each time in new processes (but see {@link Processes}). */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<ScenarioResult> {
  const redis = scenario.variants.some(({ nodes }) => nodes !== undefined) ? findRedis() : undefined;
  const measured = chooseVariants(scenario, options).map((variant) => toMeasure(variant, redis));
  for (let round = 1; round <= options.rounds; round += 1) {
    for (const entry of measured.filter(({ missing }) => missing === undefined)) {
      const startedAt = performance.now();
      const outcome = await measureOnce(scenario, entry, options);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      options.onProgress(
        `${scenario.name}  round ${round} of ${options.rounds}  ${labelOf(entry.variant)}  ${outcome}, ${seconds} s`,
      );
    }
  }
  // Of tiny numbers a goal would be met or missed by chance.
  const judged = options.scale === 'full' ? scenario : { ...scenario, goals: [] };
  return { ...summarize(judged, measured), placement: describePlacement(options.processes.cores, redis) };
}

function chooseVariants({ name, variants }: Scenario, { peers, scale }: MeasureOptions): readonly Variant[] {
  if (peers !== undefined) return variants.filter(({ peer }) => peers.includes(peer));
  if (scale === 'full' || smokeOfAllPeers.includes(name)) return variants;
  return variants.filter(({ peer }) => peer === 'ours' || peer === 'stock');
}

interface Measured {
  readonly variant: Variant;
  readonly samples: Sample[];
  missing: Missing | undefined;
}

function toMeasure(variant: Variant, redis: string | undefined): Measured {
  const found = peerOf(variant.peer).availability();
  const needsRedis = variant.nodes !== undefined && redis === undefined;
  const reason = needsRedis ? 'redis-server is not installed; REDIS_SERVER_PATH may say where one is' : found.reason;
  return { variant, samples: [], missing: reason === undefined ? undefined : { reason, hasFailed: false } };
}

/** Notes a sample or why there is none; answers how it went. A variant that has failed once is not tried again. */
async function measureOnce(scenario: Scenario, entry: Measured, options: MeasureOptions): Promise<string> {
  try {
    entry.samples.push(await takeSample(scenario, entry.variant, options));
    return 'done';
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    entry.missing = { reason, hasFailed: true };
    return `failed: ${reason}`;
  }
}

async function takeSample(scenario: Scenario, variant: Variant, options: MeasureOptions): Promise<Sample> {
  const { processes, profiles } = options;
  const setup = {
    peer: peerOf(variant.peer),
    options: variant.options ?? {},
    nodes: variant.nodes,
    processes,
    profile: profiles && `${profiles}/${fileName(scenario, variant)}.cpuprofile`,
  };
  await using run = await withTimeout(startRun(setup));
  return await withTimeout(scenario.measure(run, variant, options.scale));
}

function fileName({ name }: Scenario, variant: Variant): string {
  return `${name} ${labelOf(variant)}`.replace(/[^A-Za-z0-9.]+/g, '-').toLowerCase();
}

function withTimeout<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no result after ${runTimeoutMs / 1000} s`)), runTimeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
