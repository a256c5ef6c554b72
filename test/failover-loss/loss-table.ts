import type { Failure } from './failures.js';
import type { Measurement, Results } from './results.js';
import type { Loss, Tally } from './tally.js';

const columns = [
  'Redis',
  'what happens',
  'acknowledged',
  'durable, user away: lost',
  'durable, user connected: lost',
  'room, member connected: lost',
  'room, member away: lost',
  'lost in a room and not told',
  'longest time without an acknowledged send',
];

/** The table of docs/delivery.md: the least and the most of all rounds. */
export function lossTable({ machine, failures: measured }: Results, failures: readonly Failure[]): string {
  const rows = failures.flatMap((failure) => {
    const measurement = measured[failure.name];
    return measurement === undefined ? [] : [rowOf(failure, measurement)];
  });
  const lines = [columns, columns.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`);
  return `${describe(machine, Object.values(measured))}\n\n${lines.join('\n')}`;
}

function describe(machine: Results['machine'], measurements: readonly Measurement[]): string {
  const { cpu, cores, system, node, redis } = machine;
  const days = measurements.map(({ measuredOn }) => measuredOn).sort();
  const rounds = rangeOf(measurements.map((measurement) => measurement.rounds.length));
  const day = days.at(-1) ?? 'no day';
  return `Measured on ${day}, ${rounds} rounds each: ${cpu}, ${cores} cores, ${system}, Node ${node}, Redis ${redis}.`;
}

function rowOf({ setUp, happening }: Failure, { rounds }: Measurement): readonly string[] {
  const counts = (count: (tally: Tally) => number): string => rangeOf(rounds.map(count));
  return [
    setUp,
    happening,
    counts(
      ({ inbox, rooms }) =>
        inbox.away.acknowledgedCount + inbox.there.acknowledgedCount + rooms.there.acknowledgedCount,
    ),
    lossCell(rounds.map(({ inbox }) => inbox.away)),
    lossCell(rounds.map(({ inbox }) => inbox.there)),
    lossCell(rounds.map(({ rooms }) => rooms.there)),
    lossCell(rounds.map(({ rooms }) => rooms.away)) + told(rounds),
    counts(({ untoldCount }) => untoldCount),
    `${rangeOf(
      rounds.map(({ outageMs }) => outageMs / 1000),
      1,
    )} s`,
  ];
}

/** How many, and from how long a time. */
function lossCell(losses: readonly Loss[]): string {
  const count = rangeOf(losses.map(({ lostCount }) => lostCount));
  const longestMs = Math.max(...losses.map(({ lostForMs }) => lostForMs));
  if (count === '0') return count;
  return longestMs < 1 ? count : `${count}, of ${(longestMs / 1000).toFixed(longestMs < 1000 ? 2 : 1)} s at most`;
}

function told(rounds: readonly Tally[]): string {
  const reasons = [...new Set(rounds.flatMap(({ reasons }) => reasons))].sort();
  return reasons.length === 0 ? '' : `; told ${reasons.map((reason) => `\`${reason}\``).join(', ')}`;
}

function rangeOf(values: readonly number[], digits = 0): string {
  const format = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [least, most] = [format(Math.min(...values)), format(Math.max(...values))];
  return least === most ? least : `${least}–${most}`;
}
