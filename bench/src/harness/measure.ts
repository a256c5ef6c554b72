import { labelOf, summarize, type ScenarioResult } from '../report/summarize.js';
import type { Sample, Scale, Scenario, Variant } from '../scenarios/scenario.js';
import { startRun } from './bench-run.js';
import type { Cores } from './cores.js';
import { peerOf, type PeerName } from './peers.js';

/** How scenarios are run. */
export interface MeasureOptions {
  readonly rounds: number;
  readonly scale: Scale;
  readonly cores: Cores;
  /** Undefined: all. */
  readonly peers: readonly PeerName[] | undefined;
  /** A folder for CPU profiles of the servers. */
  readonly profiles: string | undefined;
  /** Told after each run. */
  readonly onProgress: (text: string) => void;
}

/** A run that has hung must not hang the rest. */
const runTimeoutMs = 120_000;

/** Measures a scenario: all variants in turn, again and again, each time in new processes. */
export async function measure(scenario: Scenario, options: MeasureOptions): Promise<ScenarioResult> {
  const { peers, rounds } = options;
  const variants = scenario.variants.filter(({ peer }) => peers === undefined || peers.includes(peer));
  const measured = variants.map(toMeasure);
  for (let round = 1; round <= rounds; round += 1) {
    for (const entry of measured.filter(({ failure }) => failure === undefined)) {
      const startedAt = performance.now();
      const sample = await attempt(() => measureOnce(scenario, entry.variant, options));
      if (typeof sample === 'string') entry.failure = sample;
      else entry.samples.push(sample);
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const outcome = typeof sample === 'string' ? `failed: ${sample}` : 'done';
      options.onProgress(
        `${scenario.name}  round ${round} of ${rounds}  ${labelOf(entry.variant)}  ${outcome}, ${seconds} s`,
      );
    }
  }
  return summarize(scenario, measured);
}

interface Measured {
  readonly variant: Variant;
  readonly samples: Sample[];
  failure: string | undefined;
}

function toMeasure(variant: Variant): Measured {
  return { variant, samples: [], failure: missingPeer(variant) };
}

async function measureOnce(scenario: Scenario, variant: Variant, options: MeasureOptions): Promise<Sample> {
  const { cores, profiles } = options;
  await using run = await startRun({
    peer: peerOf(variant.peer),
    options: variant.options ?? {},
    cores,
    profile: profiles && `${profiles}/${fileName(scenario, variant)}.cpuprofile`,
  });
  return await withTimeout(scenario.measure(run, variant, options.scale));
}

function fileName({ name }: Scenario, variant: Variant): string {
  return `${name} ${labelOf(variant)}`.replace(/[^A-Za-z0-9.]+/g, '-').toLowerCase();
}

function missingPeer({ peer }: Variant): string | undefined {
  return peerOf(peer).command() === undefined ? 'not installed' : undefined;
}

async function attempt(work: () => Promise<Sample>): Promise<Sample | string> {
  try {
    return await work();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function withTimeout<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no result after ${runTimeoutMs / 1000} s`)), runTimeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
