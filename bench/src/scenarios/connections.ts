import { spend } from '../harness/bench-run.js';
import { cpuRatio, type Scenario, type Variant } from './scenario.js';
import { roomName } from './room.js';

const everybody: readonly Variant[] = [
  { peer: 'ours', note: 'with a JWT' },
  { peer: 'ours', note: 'without any check', options: { anonymous: true } },
  { peer: 'stock', note: 'without any check' },
  { peer: 'ws', note: 'without any check' },
  { peer: 'socket.io', note: 'without any check' },
  { peer: 'uws', note: 'without any check' },
  { peer: 'bun', note: 'without any check' },
];

const warmUpMs = 6000;

const connect: Scenario = {
  name: 'connect',
  title: 'Connect and close, 16 at a time',
  operation: 'connection',
  variants: everybody,
  goals: [
    {
      text: 'connect with a JWT checked: CPU against stock Nest without any check',
      goal: 0.85,
      stretch: 0.7,
      value: (rows) => cpuRatio(rows.of('ours', 'with a JWT'), rows.of('stock', 'without any check')),
    },
  ],
  measure: async (run, _variant, scale) => {
    const load = { port: run.port, dialects: [run.peer.dialect], count: 16 };
    const durationMs = scale === 'full' ? 2000 : 100;
    // Each connect runs a lot of code once: it takes thousands of them until all of it is compiled.
    await run.load.call('churn', load, { durationMs: scale === 'full' ? warmUpMs : durationMs });
    const { result, spent } = await spend(run, () => run.load.call('churn', load, { durationMs }));
    return { operations: result.count, spent, perSecond: result.count / (result.elapsedMs / 1000) };
  },
};

const memory: Scenario = {
  name: 'memory',
  title: 'Memory of an idle connection that is in one room and has spoken once',
  operation: 'connection',
  bytesAre: 'resident memory per connection',
  variants: everybody,
  goals: [
    {
      text: 'memory per idle, authenticated connection in one room, against stock Nest',
      goal: 0.5,
      stretch: 0.4,
      value: (rows) =>
        (rows.of('ours', 'with a JWT').bytes ?? NaN) / (rows.of('stock', 'without any check').bytes ?? NaN),
    },
    {
      text: 'the same against ws alone',
      goal: 1.5,
      stretch: 1.1,
      value: (rows) => (rows.of('ours', 'with a JWT').bytes ?? NaN) / (rows.of('ws', 'without any check').bytes ?? NaN),
    },
  ],
  measure: async (run, _variant, scale) => {
    const [first, second] = scale === 'full' ? [2000, 8000] : [50, 100];
    const load = { port: run.port, dialects: [run.peer.dialect], rooms: [roomName] };
    await run.load.call('connect', { ...load, count: first });
    const before = await run.server.call('settledUsage');
    await run.load.call('connect', { ...load, count: second });
    const after = await run.server.call('settledUsage');
    // A slope, so that what the program itself takes does not count.
    return { operations: second, bytes: (after.rssBytes - before.rssBytes) / second };
  },
};

/** Coming, staying, going. */
export const connectionScenarios: readonly Scenario[] = [connect, memory];
