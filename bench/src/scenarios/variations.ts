import type { DialectName } from '../load/dialect.js';
import { cpuRatio, type Scenario } from './scenario.js';
import { fillRoom, measureBursts, measurePace } from './room.js';

const compressionOff = 'compression off';

interface CompressionScenario {
  readonly bytes: number;
  readonly title: string;
  /** What goals say of the broadcast. */
  readonly broadcast: string;
}

/** A broadcast that is compressed once for all, or that is too small to be. */
function compressed({ bytes, title, broadcast }: CompressionScenario): Scenario {
  return {
    name: `compressed-${bytes}b`,
    title,
    operation: 'delivery',
    variants: [
      { peer: 'ours', options: { compression: true } },
      { peer: 'ours', note: compressionOff },
      { peer: 'stock', options: { compression: true } },
      { peer: 'uws', options: { compression: true } },
      { peer: 'bun', options: { compression: true } },
    ],
    goals: [
      {
        text: `${broadcast}: CPU against compression off`,
        goal: 1.1,
        stretch: 1,
        value: (rows) => cpuRatio(rows.of('ours'), rows.of('ours', compressionOff)),
      },
      {
        text: `${broadcast}: CPU against uWebSockets.js with its shared compressor`,
        goal: 0.7,
        stretch: 0.55,
        value: (rows) => cpuRatio(rows.of('ours'), rows.of('uws')),
      },
    ],
    measure: async (run, variant, scale) => {
      const size = scale === 'full' ? { members: 1000, durationMs: 1500 } : { members: 20, durationMs: 100 };
      await fillRoom(run, { ...size, deflate: variant.note !== compressionOff });
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

const unloaded: Scenario = {
  name: 'unloaded',
  title: '20 messages per second to 10 members: latency without load',
  operation: 'delivery',
  variants: [{ peer: 'ours' }, { peer: 'stock' }, { peer: 'uws' }, { peer: 'bun' }],
  goals: [
    {
      text: 'p99 without load, from one server process to its clients in another, in microseconds',
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

/** The product under other settings, and without load. */
export const variationScenarios: readonly Scenario[] = [
  // Below 1 KiB the gateway sends plain, as `ws` does: what is shown is that compression costs nothing where it is not used.
  compressed({
    bytes: 512,
    title: 'Broadcast of 512 B with permessage-deflate on, to 1,000 members: nest-wsc and ws send it plain',
    broadcast: 'broadcast of 512 B with compression on (below the threshold, sent plain)',
  }),
  compressed({
    bytes: 2048,
    title: 'Broadcast of 2,048 B with permessage-deflate, one at a time to 1,000 members',
    broadcast: 'compressed broadcast of 2,048 B',
  }),
  flushDelay,
  twoCodecs,
  unloaded,
];
