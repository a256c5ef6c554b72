import { keptNamespace } from '../peers/server-options.js';
import { placeHalves } from './nodes.js';
import { measureBursts, measurePace, roomName } from './room.js';
import { cpuRatio, type Sample, type Scenario, type Variant } from './scenario.js';

const without = 'without history';
const withHistory = 'with history';
const keeps = { recovery: true } as const;

/** Ours without history, which is what the others are compared with, ours with it, and Socket.IO, which can't but keep. */
const through = (nodes: number): readonly Variant[] => [
  { peer: 'ours', nodes, note: without, baseline: 'without' },
  { peer: 'ours', nodes, note: withHistory, options: keeps },
  { peer: 'socket.io-streams', nodes, note: 'with recovery', options: keeps },
];

const inMemory: readonly Variant[] = [
  { peer: 'ours', note: `in memory, ${without}` },
  { peer: 'ours', note: `in memory, ${withHistory}`, options: keeps },
];

const roomOf = ({ options }: Variant): string => (options?.recovery === true ? `${keptNamespace}:room` : roomName);

const sends: Scenario = {
  name: 'history-sends',
  title: 'Through one gateway on Redis: 100 messages of 128 B at a time to a room of 10, with history and without',
  operation: 'send',
  variants: [...through(1), ...inMemory],
  goals: [],
  measure: async (run, variant, scale) => {
    const size =
      scale === 'full'
        ? { members: 10, messages: 100, durationMs: 2500 }
        : { members: 5, messages: 10, durationMs: 100 };
    const room = roomOf(variant);
    await placeHalves(run, { ...size, room });
    return ofSends(await measureBursts(run, { ...size, bytes: 128, room }), size.members);
  },
};

/** Figures of deliveries, each send being so many, as those of sends. */
function ofSends({ operations = NaN, perSecond = NaN, ...sample }: Sample, members: number): Sample {
  return { ...sample, operations: operations / members, perSecond: perSecond / members };
}

const paced: Scenario = {
  name: 'history-paced',
  title: 'Through one gateway on Redis: one message of 128 B each 20 ms to 1,000 members, with history and without',
  operation: 'delivery',
  variants: through(1),
  goals: [],
  measure: async (run, variant, scale) => {
    const size = scale === 'full' ? { members: 1000, seconds: 2.5 } : { members: 20, seconds: 0.2 };
    const room = roomOf(variant);
    await placeHalves(run, { ...size, room });
    return measurePace(run, { ...size, perSecond: 50, bytes: 128, room });
  },
};

const burst: Scenario = {
  name: 'history-burst',
  title: 'Through Redis: burst of 100 messages of 128 B to 1,000 members on two nodes, with history and without',
  operation: 'delivery',
  variants: through(2),
  goals: [
    {
      text: 'through Redis, 2 nodes, rooms with history: deliveries per server CPU, × Socket.IO with its streams adapter',
      goal: 10,
      stretch: 20,
      atLeast: true,
      value: (rows) => cpuRatio(rows.of('socket.io-streams', 'with recovery'), rows.of('ours', withHistory)),
    },
  ],
  measure: async (run, variant, scale) => {
    const size =
      scale === 'full'
        ? { members: 1000, messages: 100, durationMs: 1500 }
        : { members: 20, messages: 10, durationMs: 100 };
    const room = roomOf(variant);
    await placeHalves(run, { ...size, room });
    return measureBursts(run, { ...size, bytes: 128, room });
  },
};

/** What it costs to keep what is sent. */
export const historyScenarios: readonly Scenario[] = [sends, paced, burst];
