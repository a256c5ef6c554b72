import { SeededRandom } from './random.js';

/** Every fault, and what it is done to: two that are done to the same never overlap. */
export const faults = {
  'gateway killed': 'gateway',
  'gateway stopped': 'gateway',
  'gateway restarted': 'gateway',
  'redis stopped': 'redis',
  'redis killed, back with its data': 'redis',
  'redis killed, back without its data': 'redis',
  'redis flushed': 'redis',
  'redis connections killed': 'redis',
  'redis scripts flushed': 'redis',
  'redis out of memory': 'redis',
  'network slow': 'network',
  'network dead to redis': 'network',
  'network dead to the gateway': 'network',
  'network dead': 'network',
  'network reset': 'network',
  'network cut': 'network',
  'clients slow': 'clients',
  'clients all gone at once': 'clients',
} as const;

export type FaultName = keyof typeof faults;

/** One fault of a run. */
export interface PlannedFault {
  readonly name: FaultName;
  /** Since the start. */
  readonly atMs: number;
  readonly lengthMs: number;
  /** Which gateway, where it is one's. */
  readonly gateway: number;
  /** What is done together waits for each other. */
  readonly resource: string;
}

/** What a run does. */
export interface Schedule {
  /** Whether Redis writes each command to disk before it answers; otherwise once a second, and a kill loses what it has acknowledged. */
  readonly isDurable: boolean;
  readonly faults: readonly PlannedFault[];
}

/** What {@link planRun} needs. */
export interface PlanOptions {
  readonly seed: number;
  readonly lengthMs: number;
  readonly gatewayCount: number;
  /** From one beginning to the next, about. */
  readonly everyMs: number;
}

const [shortestMs, longestMs] = [500, 4_000];

/** After these nothing can be recovered, only told: dealt each time, they would leave a long run little else to check. */
const backWithData: FaultName = 'redis killed, back with its data';
const losses: readonly FaultName[] = ['redis killed, back without its data', 'redis flushed'];
const dealsPerLoss = 4;

/**
 * A pure function of its options. Deals all faults in turn, shuffled anew each time, so that none is left out for long; those
 * that lose the data only every {@link dealsPerLoss} times, from the first.
 */
export function planRun({ seed, lengthMs, gatewayCount, everyMs }: PlanOptions): Schedule {
  const random = new SeededRandom(seed);
  const isDurable = random.next() < 0.5;
  const planned: PlannedFault[] = [];
  const lossesOf = isDurable ? losses : [...losses, backWithData];
  let dealCount = 0;
  let deck: readonly FaultName[] = [];
  for (let atMs = 500; atMs < lengthMs; atMs += random.between(0.5, 1.5) * everyMs) {
    if (deck.length === 0) {
      const isWhole = dealCount % dealsPerLoss === 0;
      deck = random.shuffle(faultNames.filter((name) => isWhole || !lossesOf.includes(name)));
      dealCount += 1;
    }
    const [name, ...rest] = deck;
    if (name === undefined) break;
    deck = rest;
    const gateway = random.below(gatewayCount);
    const target = faults[name];
    const resource = target === 'gateway' || target === 'network' ? `${target} ${String(gateway)}` : target;
    planned.push({ name, atMs, lengthMs: random.between(shortestMs, longestMs), gateway, resource });
  }
  return { isDurable, faults: planned };
}

/** In the order of {@link faults}. */
export const faultNames: readonly FaultName[] = [
  'gateway killed',
  'gateway stopped',
  'gateway restarted',
  'redis stopped',
  'redis killed, back with its data',
  'redis killed, back without its data',
  'redis flushed',
  'redis connections killed',
  'redis scripts flushed',
  'redis out of memory',
  'network slow',
  'network dead to redis',
  'network dead to the gateway',
  'network dead',
  'network reset',
  'network cut',
  'clients slow',
  'clients all gone at once',
];
