import { cpuRatio, only, type Scenario, type Variant } from './scenario.js';
import { fillRoom, measureBursts, measurePace } from './room.js';

const everybody: readonly Variant[] = [
  ...only('ours', 'stock', 'ws', 'socket.io', 'uws'),
  { peer: 'uws', note: 'publish in the handler', options: { publishInHandler: true } },
  ...only('bun'),
];

/** 100 messages at once to a room: what a busy room, or a broadcast to many, is made of. */
function burst(members: number, bytes: number, variants: readonly Variant[]): Scenario {
  return {
    name: `burst-${members}-${bytes}b`,
    title: `Burst of 100 messages of ${bytes} B to ${members.toLocaleString('en')} members`,
    operation: 'delivery',
    variants,
    goals: [
      {
        text: `burst to ${members.toLocaleString('en')}, ${bytes} B: CPU against stock Nest`,
        goal: 0.025,
        stretch: 0.018,
        value: (rows) => cpuRatio(rows.of('ours'), rows.of('stock')),
      },
      ...(['uws', 'bun'] as const).map((peer) => ({
        text: `burst to ${members.toLocaleString('en')}, ${bytes} B: CPU against ${peer === 'bun' ? 'Bun' : 'uWebSockets.js (deferred)'}`,
        goal: 0.6,
        stretch: 0.45,
        value: (rows: Parameters<Scenario['goals'][number]['value']>[0]) => cpuRatio(rows.of('ours'), rows.of(peer)),
      })),
    ],
    measure: async (run, _variant, scale) => {
      const size =
        scale === 'full'
          ? { members, messages: 100, durationMs: 1500 }
          : { members: 20, messages: 10, durationMs: 100 };
      await fillRoom(run, size);
      return measureBursts(run, { ...size, bytes });
    },
  };
}

const sustained: Scenario = {
  name: 'sustained',
  title: '1,000 messages per second to 1,000 members: a million deliveries per second from one core',
  operation: 'delivery',
  variants: only('ours', 'stock', 'uws', 'bun'),
  goals: [
    {
      text: '1,000/s to 1,000: share of the offered that arrives in time',
      goal: 0.95,
      atLeast: true,
      value: (rows) => rows.of('ours').delivered ?? NaN,
    },
    {
      text: '1,000/s to 1,000: p99 against uWebSockets.js',
      goal: 1.2,
      stretch: 1,
      value: (rows) => (rows.of('ours').p99 ?? NaN) / (rows.of('uws').p99 ?? NaN),
    },
  ],
  measure: async (run, _variant, scale) => {
    const size =
      scale === 'full' ? { members: 1000, perSecond: 1000, seconds: 3 } : { members: 20, perSecond: 100, seconds: 0.2 };
    await fillRoom(run, size);
    return measurePace(run, { ...size, bytes: 128 });
  },
};

const oneAtATime: Scenario = {
  name: 'one-at-a-time',
  title: 'One message of 128 B at a time to 1,000 members: one system call per delivery, for everybody',
  operation: 'delivery',
  variants: only('ours', 'stock', 'ws', 'socket.io', 'uws', 'bun'),
  goals: [
    {
      text: 'one at a time to 1,000: CPU against stock Nest',
      goal: 0.85,
      stretch: 0.8,
      value: (rows) => cpuRatio(rows.of('ours'), rows.of('stock')),
    },
    {
      text: 'one at a time to 1,000: user CPU against stock Nest',
      goal: 0.5,
      stretch: 0.42,
      value: (rows) => (rows.of('ours').userNs ?? NaN) / (rows.of('stock').userNs ?? NaN),
    },
  ],
  measure: async (run, _variant, scale) => {
    const size = scale === 'full' ? { members: 1000, durationMs: 1500 } : { members: 20, durationMs: 100 };
    await fillRoom(run, size);
    return measureBursts(run, { ...size, messages: 1, bytes: 128 });
  },
};

const paced: Scenario = {
  name: 'paced',
  title: 'One message of 128 B each 20 ms to 1,000 members: how soon all have it',
  operation: 'delivery',
  variants: only('ours', 'stock', 'uws', 'bun'),
  goals: [
    {
      text: 'one each 20 ms to 1,000: p50 against stock Nest',
      goal: 0.9,
      stretch: 0.84,
      value: (rows) => (rows.of('ours').p50 ?? NaN) / (rows.of('stock').p50 ?? NaN),
    },
    {
      text: 'one each 20 ms to 1,000: p99 against stock Nest',
      goal: 0.85,
      stretch: 0.75,
      value: (rows) => (rows.of('ours').p99 ?? NaN) / (rows.of('stock').p99 ?? NaN),
    },
  ],
  measure: async (run, _variant, scale) => {
    const size = scale === 'full' ? { members: 1000, seconds: 2.5 } : { members: 20, seconds: 0.2 };
    await fillRoom(run, size);
    return measurePace(run, { ...size, perSecond: 50, bytes: 128 });
  },
};

/** Many messages to many: where sharing pays. */
export const fanOutScenarios: readonly Scenario[] = [
  burst(1000, 128, everybody),
  burst(5000, 128, only('ours', 'stock', 'uws', 'bun')),
  burst(1000, 512, only('ours', 'stock', 'uws', 'bun')),
  sustained,
  oneAtATime,
  paced,
];
