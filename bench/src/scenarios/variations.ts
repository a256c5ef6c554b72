import { spend } from '../harness/bench-run.js';
import type { DialectName } from '../load/dialect.js';
import { cpuRatio, type Row, type Scenario } from './scenario.js';
import { fillRoom, measureBursts, measurePace, roomName } from './room.js';

const plain = 'plain';

/** A broadcast that is compressed once for all. */
function compressed(bytes: number): Scenario {
  return {
    name: `compressed-${bytes}b`,
    title: `Broadcast of ${bytes.toLocaleString('en')} B with permessage-deflate, one at a time to 1,000 members`,
    operation: 'delivery',
    variants: [
      { peer: 'ours', options: { compression: true } },
      { peer: 'ours', note: plain },
      { peer: 'stock', options: { compression: true } },
      { peer: 'uws', options: { compression: true } },
      { peer: 'bun', options: { compression: true } },
    ],
    goals: [
      {
        text: `compressed broadcast of ${bytes} B: CPU against plain`,
        goal: 1.1,
        stretch: 1,
        value: (rows) => cpuRatio(rows.of('ours'), rows.of('ours', plain)),
      },
      {
        text: `compressed broadcast of ${bytes} B: CPU against uWebSockets.js with its shared compressor`,
        goal: 0.7,
        stretch: 0.55,
        value: (rows) => cpuRatio(rows.of('ours'), rows.of('uws')),
      },
    ],
    measure: async (run, variant, scale) => {
      const size = scale === 'full' ? { members: 1000, durationMs: 1500 } : { members: 20, durationMs: 100 };
      await fillRoom(run, { ...size, deflate: variant.note !== plain });
      return measureBursts(run, { ...size, messages: 1, bytes });
    },
  };
}

const flushDelay: Scenario = {
  name: 'flush-delay',
  title: '200 messages per second to 1,000 members, gathered for 5 ms before they are written',
  operation: 'delivery',
  variants: [
    { peer: 'ours', note: 'flush delay 5 ms', options: { flushDelayMs: 5 } },
    { peer: 'ours', note: 'flush delay 20 ms', options: { flushDelayMs: 20 } },
    { peer: 'ours', note: 'no flush delay' },
    { peer: 'stock' },
  ],
  goals: [
    {
      text: 'flush delay of 5 ms at 200/s to 1,000: CPU against stock Nest',
      goal: 0.45,
      stretch: 0.38,
      value: (rows) => cpuRatio(rows.of('ours', 'flush delay 5 ms'), rows.of('stock')),
    },
  ],
  measure: async (run, _variant, scale) => {
    const size = scale === 'full' ? { members: 1000, seconds: 2.5 } : { members: 20, seconds: 0.2 };
    await fillRoom(run, size);
    return measurePace(run, { ...size, perSecond: 200, bytes: 128 });
  },
};

const oneCodec = 'one codec';

const twoCodecs: Scenario = {
  name: 'two-codecs',
  title: 'Burst of 100 messages of 128 B to 1,000 members, half of which speak another dialect',
  operation: 'delivery',
  variants: [
    { peer: 'ours', note: 'two codecs' },
    { peer: 'ours', note: oneCodec },
  ],
  goals: [
    {
      text: 'two codecs in a room: CPU per delivery against one',
      goal: 1.25,
      stretch: 1.1,
      value: (rows) => cpuRatio(rows.of('ours', 'two codecs'), rows.of('ours', oneCodec)),
    },
  ],
  measure: async (run, variant, scale) => {
    const size =
      scale === 'full'
        ? { members: 1000, messages: 100, durationMs: 1500 }
        : { members: 20, messages: 10, durationMs: 100 };
    const dialects: readonly DialectName[] =
      variant.note === oneCodec ? ['wsc.v1.json'] : ['wsc.v1.json', 'ginforge.v1.json'];
    await fillRoom(run, { ...size, dialects });
    return measureBursts(run, { ...size, bytes: 128 });
  },
};

const sizes = [100, 1000, 10_000];
const sizeNote = (members: number): string => `${members.toLocaleString('en')} members`;
const ofSize = (note: string | undefined): number => Number(note?.replace(/\D/g, ''));
const spread = (rows: readonly Row[]): number => {
  const costs = rows.map(({ cpuNs = NaN }) => cpuNs);
  return Math.max(...costs) / Math.min(...costs);
};

const growthOfRooms: Scenario = {
  name: 'growth',
  title: 'Burst of 100 messages of 128 B to rooms of 100, 1,000 and 10,000',
  operation: 'delivery',
  variants: sizes.map((members) => ({ peer: 'ours', note: sizeNote(members) })),
  goals: [
    {
      text: 'cost per delivery, dearest room size against cheapest',
      goal: 1.1,
      value: (rows) => spread(sizes.map((members) => rows.of('ours', sizeNote(members)))),
    },
  ],
  measure: async (run, variant, scale) => {
    const members = scale === 'full' ? ofSize(variant.note) : 20;
    await fillRoom(run, { members });
    return measureBursts(run, { members, messages: 100, bytes: 128, durationMs: scale === 'full' ? 2000 : 50 });
  },
};

const growthOfJoins: Scenario = {
  name: 'growth-of-joins',
  title: 'Connect, join and leave a room of 100 and of 10,000 members',
  operation: 'connection',
  variants: [100, 10_000].map((members) => ({ peer: 'ours', note: sizeNote(members) })),
  goals: [
    {
      text: 'connect, join and leave: CPU in a room of 10,000 against one of 100',
      goal: 1.1,
      value: (rows) => cpuRatio(rows.of('ours', sizeNote(10_000)), rows.of('ours', sizeNote(100))),
    },
  ],
  measure: async (run, variant, scale) => {
    const [members, durationMs] = scale === 'full' ? [ofSize(variant.note), 2000] : [20, 100];
    await fillRoom(run, { members });
    const load = { port: run.port, dialects: [run.peer.dialect], count: 16, rooms: [roomName] };
    await run.load.call('churn', load, durationMs * 3);
    const { result, spent } = await spend(run, () => run.load.call('churn', load, durationMs));
    return { operations: result.count, spent, perSecond: result.count / (result.elapsedMs / 1000) };
  },
};

const unloaded: Scenario = {
  name: 'unloaded',
  title: '20 messages per second to 10 members: latency without load',
  operation: 'delivery',
  variants: [{ peer: 'ours' }, { peer: 'stock' }, { peer: 'uws' }, { peer: 'bun' }],
  goals: [
    {
      text: 'unloaded p99 in one process, in microseconds',
      goal: 1000,
      stretch: 500,
      value: (rows) => rows.of('ours').p99 ?? NaN,
    },
  ],
  measure: async (run, _variant, scale) => {
    await fillRoom(run, { members: 10 });
    return measurePace(run, { members: 10, perSecond: 20, seconds: scale === 'full' ? 4 : 0.2, bytes: 128 });
  },
};

/** The product under other settings, and how its costs grow. */
export const variationScenarios: readonly Scenario[] = [
  compressed(512),
  compressed(2048),
  flushDelay,
  twoCodecs,
  growthOfRooms,
  growthOfJoins,
  unloaded,
];
