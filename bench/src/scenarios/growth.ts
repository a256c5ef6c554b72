import { spend } from '../harness/bench-run.js';
import { cpuRatio, type Row, type Scenario } from './scenario.js';
import { fillRoom, measureBursts, roomName } from './room.js';

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

/** Connections of both variants, so that they differ in nothing but the room that is joined. */
const joinsAmong = 10_000;
const otherRoom = 'bench:elsewhere';

const growthOfJoins: Scenario = {
  name: 'growth-of-joins',
  title: 'Connect, join and leave a room of 100 or of 10,000 members, among 10,000 connections',
  operation: 'connection',
  variants: [100, joinsAmong].map((members) => ({ peer: 'ours', note: sizeNote(members) })),
  goals: [
    {
      text: 'connect, join and leave: CPU in a room of 10,000 against one of 100',
      goal: 1.1,
      value: (rows) => cpuRatio(rows.of('ours', sizeNote(joinsAmong)), rows.of('ours', sizeNote(100))),
    },
  ],
  measure: async (run, variant, scale) => {
    const size =
      scale === 'full'
        ? { members: ofSize(variant.note), connections: joinsAmong, connects: 6000, durationMs: 2000 }
        : { members: 10, connections: 20, connects: 20, durationMs: 100 };
    const load = { port: run.port, dialects: [run.peer.dialect] };
    await run.load.call('connect', { ...load, count: size.members, rooms: [roomName] });
    // As many connects and joins in both, counted and not timed: else a room of 10,000 would have compiled more by being filled.
    await run.load.call('connect', { ...load, count: size.connections - size.members, rooms: [otherRoom] });
    const churn = { ...load, count: 16, rooms: [roomName] };
    await run.load.call('churn', churn, { connects: size.connects });
    const { result, spent } = await spend(run, () => run.load.call('churn', churn, { durationMs: size.durationMs }));
    return { operations: result.count, spent, perSecond: result.count / (result.elapsedMs / 1000) };
  },
};

/** How costs grow with the size of a room. */
export const growthScenarios: readonly Scenario[] = [growthOfRooms, growthOfJoins];
