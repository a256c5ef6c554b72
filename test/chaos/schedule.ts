import { SeededRandom } from './random.js';

/** Every fault, and what it is done to: two that are done to the same never overlap. */
export const faults = [
  { name: 'gateway killed', target: 'gateway' },
  { name: 'gateway stopped', target: 'gateway' },
  { name: 'gateway restarted', target: 'gateway' },
  { name: 'redis stopped', target: 'redis' },
  { name: 'redis killed, back with its data', target: 'redis' },
  { name: 'redis killed, back without its data', target: 'redis' },
  { name: 'redis flushed', target: 'redis' },
  { name: 'redis connections killed', target: 'redis' },
  { name: 'redis scripts flushed', target: 'redis' },
  { name: 'redis out of memory', target: 'redis' },
  { name: 'network slow', target: 'network' },
  { name: 'network dead to redis', target: 'network' },
  { name: 'network dead to the gateway', target: 'network' },
  { name: 'network dead', target: 'network' },
  { name: 'network reset', target: 'network' },
  { name: 'network cut', target: 'network' },
  { name: 'clients slow', target: 'clients' },
  { name: 'clients all gone at once', target: 'clients' },
] as const;

type Fault = (typeof faults)[number];
export type FaultName = Fault['name'];

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

/** After these, nothing can be recovered, only told: dealt each time, they would leave a long run little else to check. */
const losses: readonly FaultName[] = ['redis killed, back without its data', 'redis flushed'];
/** Loses the last second unless Redis is durable. */
const backWithData: FaultName = 'redis killed, back with its data';
const dealsPerLoss = 4;

/**
 * A pure function of its options. Deals all faults in turn, shuffled anew each time, so that none is left out for long; those
 * that lose the data only every {@link dealsPerLoss} times, from the first.
 */
export function planRun({ seed, lengthMs, gatewayCount, everyMs }: PlanOptions): Schedule {
  const random = new SeededRandom(seed);
  const isDurable = random.next() < 0.5;
  const planned: PlannedFault[] = [];
  const lossesOf: readonly FaultName[] = isDurable ? losses : [...losses, backWithData];
  let dealCount = 0;
  let deck: readonly Fault[] = [];
  for (let atMs = 500; atMs < lengthMs; atMs += random.between(0.5, 1.5) * everyMs) {
    if (deck.length === 0) {
      const isWhole = dealCount % dealsPerLoss === 0;
      deck = random.shuffle(faults.filter(({ name }) => isWhole || !lossesOf.includes(name)));
      dealCount += 1;
    }
    const [fault, ...rest] = deck;
    if (fault === undefined) break;
    deck = rest;
    const { name, target } = fault;
    const gateway = random.below(gatewayCount);
    const resource = target === 'gateway' || target === 'network' ? `${target} ${String(gateway)}` : target;
    planned.push({ name, atMs, lengthMs: random.between(shortestMs, longestMs), gateway, resource });
  }
  return { isDurable, faults: planned };
}
