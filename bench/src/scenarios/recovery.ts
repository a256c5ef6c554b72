import { setTimeout as wait } from 'node:timers/promises';
import { spend, type BenchRun } from '../harness/bench-run.js';
import { keptNamespace } from '../peers/server-options.js';
import { place } from './nodes.js';
import { roomName } from './room.js';
import type { Row, Sample, Scenario, Variant } from './scenario.js';

/** A storm: who is in which rooms, and what they miss. */
interface Storm {
  readonly rooms: number;
  readonly membersPerRoom: number;
  /** Sent to each room while its members are away. */
  readonly messages: number;
}

const bytes = 128;
/** Of the message from which clients know their place; those that they miss have higher numbers. */
const placing = 0;
/** Servers notice that everybody has gone, and keep what they keep of them. */
const awayMs = 1000;
/** So long messages that come twice may still come. */
const lateMs = 300;

const timeouts = { placeMs: 10_000, storeMs: 30_000, storm: { full: 60_000, smoke: 20_000 } } as const;

const nodes = 2;
const keeps = { recovery: true } as const;
const variants: readonly Variant[] = [
  { peer: 'ours', nodes, options: keeps },
  { peer: 'socket.io-streams', nodes, note: 'connection state recovery', options: keeps },
];

/** Cut off at once, back at once, each on the other node: until all have what they missed, each message once and in order. */
function recovery(full: Storm, goals: Scenario['goals']): Scenario {
  const clients = full.rooms * full.membersPerRoom;
  return {
    name: `recovery-${clients}`,
    title: `Recovery storm: ${clients.toLocaleString('en')} clients in rooms of ${full.membersPerRoom} come back at once, each has missed ${full.messages} messages`,
    operation: 'recovered message',
    timesAre: 'from the return of the first until so many clients have everything',
    bytesAre: 'peak resident memory of both nodes together',
    variants,
    goals,
    measure: async (run, _variant, scale) => {
      const storm = scale === 'full' ? full : { rooms: 2, membersPerRoom: 10, messages: 10 };
      const rooms = Array.from({ length: storm.rooms }, (_, index) => `${keptNamespace}:room-${index}`);
      await gather(run, storm, rooms);
      await run.load.call('cut');
      await wait(awayMs);
      await sendMeanwhile(run, storm, rooms);
      return measureReturn(run, storm, timeouts.storm[scale]);
    },
  };
}

/** Everybody is in a room, and has heard something there; a witness on the last node hears all rooms and stays. */
async function gather(run: BenchRun, { membersPerRoom }: Storm, rooms: readonly string[]): Promise<void> {
  const { dialect } = run.peer;
  const ports = run.nodes.map(({ port }) => port);
  await place(run, { rooms: ports.map(() => [roomName, 1]), publishers: 1 });
  await run.load.call('joinRecovering', { ports, dialect, rooms, membersPerRoom });
  const isPlaced = await run.load.call('place', { rooms, first: placing, count: 1, bytes }, timeouts.placeMs);
  if (!isPlaced) throw new Error(`not everybody heard a message within ${timeouts.placeMs / 1000} s`);
  await run.load.call('connect', { port: ports.at(-1) ?? 0, dialects: [dialect], count: 1, rooms });
}

/** Once the witness has heard all of them, on another node than they were sent from, they are kept. */
async function sendMeanwhile(run: BenchRun, { messages }: Storm, rooms: readonly string[]): Promise<void> {
  await run.load.call('reset');
  await run.load.call('publish', 'number', { rooms, first: placing + 1, count: messages, bytes });
  const { isComplete, delivered } = await run.load.call('heard', rooms.length * messages, timeouts.storeMs);
  if (!isComplete) throw new Error(`${delivered} of ${rooms.length * messages} messages were kept.`);
}

async function measureReturn(run: BenchRun, storm: Storm, timeoutMs: number): Promise<Sample> {
  const missed = { first: placing + 1, count: storm.messages, timeoutMs };
  const { result: back, spent } = await spend(run, () => run.load.call('comeBack', missed));
  await wait(lateMs);
  const { had, missing, repeated, disordered } = await run.load.call('recovered');
  const usages = await Promise.all(run.nodes.map(({ process }) => process.call('usage')));
  const clients = storm.rooms * storm.membersPerRoom;
  const { p50 = NaN, p99 = NaN, last = NaN } = back;
  return {
    operations: had,
    spent,
    // Microseconds, as latencies are.
    p50: p50 * 1000,
    p99: p99 * 1000,
    last: last * 1000,
    bytes: usages.reduce((sum, { peakRssBytes }) => sum + peakRssBytes, 0),
    recovered: back.recoveredCount / clients,
    missing,
    misplaced: repeated + disordered,
  };
}

const wrongMessages = ({ ranges: { missing, misplaced } }: Row): number =>
  (missing?.[1] ?? NaN) + (misplaced?.[1] ?? NaN);

const secondsUntilAll = ({ last = NaN }: Row): number => last / 1e6;

/** What it costs that everybody comes back. */
export const recoveryScenarios: readonly Scenario[] = [
  recovery({ rooms: 10, membersPerRoom: 50, messages: 100 }, []),
  recovery({ rooms: 100, membersPerRoom: 50, messages: 100 }, [
    {
      text: 'recovery storm of 5,000 × 100 messages: missing, repeated or out of order, in the worst round',
      goal: 0,
      value: (rows) => wrongMessages(rows.of('ours')),
    },
    {
      text: 'recovery storm of 5,000 × 100 messages: until all have everything, in seconds',
      goal: 5,
      stretch: 2,
      value: (rows) => secondsUntilAll(rows.of('ours')),
    },
  ]),
];
