import type { BenchRun, Spent } from '../harness/bench-run.js';
import type { PeerName } from '../harness/peers.js';
import type { ServerOptions } from '../peers/server-options.js';

/** What is compared within a scenario: a peer, started in some way. */
export interface Variant {
  readonly peer: PeerName;
  /** What tables say behind the peer's name; absent: nothing. It also tells two variants of a peer apart. */
  readonly note?: string;
  readonly options?: ServerOptions;
  /** So many nodes that are one through a Redis; absent: one alone, without Redis. */
  readonly nodes?: number;
  /** What a column calls it that has the others' CPU as a ratio to it. @default the stock adapter's, where it takes part */
  readonly baseline?: string;
}

/** What one run of one variant gave. Of the figures that a scenario has no use for there are none. */
export interface Sample {
  /** What CPU is divided by: deliveries, requests, connections. */
  readonly operations?: number;
  readonly spent?: Spent;
  readonly perSecond?: number;
  /** Microseconds. */
  readonly p50?: number;
  readonly p99?: number;
  /** … until the last client was done. */
  readonly last?: number;
  /** Bytes of memory: per connection, or at the peak, as the scenario says. */
  readonly bytes?: number;
  /** Share of what was offered that arrived, 0 to 1. */
  readonly delivered?: number;
  /** Share of the clients that the server said were recovered, 0 to 1. */
  readonly recovered?: number;
  /** Messages that clients should have got and did not, of all clients together. */
  readonly missing?: number;
  /** Messages that came to a client a second time, or after one that they should have come before. */
  readonly misplaced?: number;
}

/** What rows hold of each variant. */
export const figureNames = [
  'cpuNs',
  'userNs',
  'redisNs',
  'perSecond',
  'p50',
  'p99',
  'last',
  'bytes',
  'delivered',
  'recovered',
  'missing',
  'misplaced',
] as const;

/** The name of such a figure. */
export type FigureName = (typeof figureNames)[number];

/** The figures that a scenario has. */
export type Figures<T> = Readonly<Partial<Record<FigureName, T>>>;

/** The smallest and the largest of all rounds. */
export type Range = readonly [smallest: number, largest: number];

/**
 * The figures of one variant: medians of all rounds. `cpuNs` are nanoseconds of server CPU per operation, user and system
 * together and of all nodes, `userNs` those of user CPU, `redisNs` those that Redis took beside; the others are a
 * {@link Sample}'s.
 */
export interface Row extends Figures<number> {
  readonly variant: Variant;
  readonly label: string;
  readonly rounds: number;
  readonly ranges: Figures<Range>;
  /** The largest of all rounds: over 0.9 the load generator may have been what was measured. */
  readonly loadBusy?: number;
}

/** Finds rows of a finished scenario. */
export interface Rows {
  /** @throws {MissingRow} where the peer could not be measured. */
  of(peer: PeerName, note?: string): Row;
}

/** A peer that a goal is held against was not measured. */
export class MissingRow extends Error {}

/** What a scenario is expected to show. */
export interface Goal {
  readonly text: string;
  /** What must not be exceeded (or, with `atLeast`, must be reached). */
  readonly goal: number;
  readonly stretch?: number;
  readonly atLeast?: boolean;
  /** What was reached. */
  value(rows: Rows): number;
}

/** Whether a scenario runs to be measured, or only to see that it runs. */
export type Scale = 'full' | 'smoke';

/** One thing that is measured, for several peers in turn. */
export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** What one operation is, in the singular. */
  readonly operation: string;
  /** What `bytes` of its samples mean. */
  readonly bytesAre?: string;
  /** What `p50`, `p99` and `last` of its samples are, where they are no latencies. */
  readonly timesAre?: string;
  readonly variants: readonly Variant[];
  readonly goals: readonly Goal[];
  measure(run: BenchRun, variant: Variant, scale: Scale): Promise<Sample>;
}

/** Peers as they are by default. */
export function only(...names: readonly PeerName[]): readonly Variant[] {
  return names.map((peer) => ({ peer }));
}

/** Server CPU as a ratio. */
export function cpuRatio(one: Row, other: Row): number {
  return (one.cpuNs ?? NaN) / (other.cpuNs ?? NaN);
}
