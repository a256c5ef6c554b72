import type { Row, Scenario, Variant } from './scenario.js';
import { fillRoom, measurePace } from './room.js';

const nobodyStalls = 'nobody stalls';
const dropOldest = 'drop-oldest';

/** Of those who stall. */
const stalledRoom = 'feed:stalled';

/** The room whose namespace drops the oldest instead of closing. */
const roomOf = ({ note }: Variant): string => (note?.startsWith(dropOldest) === true ? 'feed:room' : 'bench:room');

const p99Ratio = (one: Row, other: Row): number => (one.p99 ?? NaN) / (other.p99 ?? NaN);

const third: Scenario = {
  name: 'slow-readers',
  title: 'A third of 99 members never reads while each is sent 32 MB',
  operation: 'delivery',
  bytesAre: 'peak resident memory',
  variants: [
    { peer: 'ours' },
    { peer: 'ours', note: dropOldest },
    { peer: 'ours', note: nobodyStalls },
    { peer: 'stock' },
    { peer: 'ws' },
    { peer: 'uws' },
    { peer: 'bun' },
  ],
  goals: [
    {
      text: 'a third never reads: peak memory against uWebSockets.js',
      goal: 0.1,
      stretch: 0.05,
      value: (rows) => (rows.of('ours').bytes ?? NaN) / (rows.of('uws').bytes ?? NaN),
    },
    {
      text: 'a third never reads: p99 of the others against nobody stalling',
      goal: 1.2,
      stretch: 1.05,
      value: (rows) => p99Ratio(rows.of('ours'), rows.of('ours', nobodyStalls)),
    },
    {
      text: 'a third never reads, drop-oldest: p99 of the others against nobody stalling',
      goal: 1.2,
      stretch: 1.05,
      value: (rows) => p99Ratio(rows.of('ours', dropOldest), rows.of('ours', nobodyStalls)),
    },
  ],
  measure: async (run, variant, scale) => {
    const size =
      scale === 'full' ? { members: 99, seconds: 6, perSecond: 333 } : { members: 9, seconds: 0.2, perSecond: 50 };
    const room = roomOf(variant);
    await fillRoom(run, { members: size.members, room });
    const stalled = variant.note === nobodyStalls ? 0 : size.members / 3;
    await run.load.call('stall', stalled);
    const sample = await measurePace(run, { ...size, members: size.members - stalled, bytes: 16 * 1024, room });
    const { peakRssBytes } = await run.server.call('usage');
    return { ...sample, bytes: peakRssBytes };
  },
};

const tenPercent: Scenario = {
  name: 'slow-readers-5000',
  title: '10 % of 5,000 members never read: what they cost the others',
  operation: 'delivery',
  bytesAre: 'resident memory at the end',
  variants: [
    { peer: 'ours', note: dropOldest },
    { peer: 'ours', note: `${dropOldest}, ${nobodyStalls}` },
  ],
  goals: [
    {
      text: '10 % of 5,000 never read: p99 of the others against nobody stalling',
      goal: 1.2,
      value: (rows) => p99Ratio(rows.of('ours', dropOldest), rows.of('ours', `${dropOldest}, ${nobodyStalls}`)),
    },
    {
      text: '10 % of 5,000 never read: memory that each of the 500 costs, in bytes, against an outbox of 1 MiB',
      goal: 1,
      value: (rows) => {
        const [one, other] = [rows.of('ours', dropOldest), rows.of('ours', `${dropOldest}, ${nobodyStalls}`)];
        return ((one.bytes ?? NaN) - (other.bytes ?? NaN)) / 500 / (1024 * 1024);
      },
    },
  ],
  measure: async (run, variant, scale) => {
    const members = scale === 'full' ? 5000 : 20;
    const room = roomOf(variant);
    const doStall = variant.note?.endsWith(nobodyStalls) !== true;
    const stalled = members / 10;
    const { port, peer } = run;
    await fillRoom(run, { members: members - stalled, room });
    await run.load.call('connect', { port, dialects: [peer.dialect], count: stalled, rooms: [room, stalledRoom] });
    if (doStall) await run.load.call('stall', stalled);
    const heard = doStall ? members - stalled : members;
    // What the kernel holds for each of them is filled first: 5 MB is more than it takes.
    const fill = scale === 'full' ? { count: 40, bytes: 128 * 1024 } : { count: 2, bytes: 1024 };
    for (let index = 0; index < fill.count; index += 1) {
      await run.load.call('publish', 'publish', { room: stalledRoom, count: 1, bytes: fill.bytes });
    }
    const seconds = scale === 'full' ? 3 : 0.2;
    const sample = await measurePace(run, { members: heard, perSecond: 10, seconds, bytes: 512, room });
    const { rssBytes } = await run.server.call('settledUsage');
    return { ...sample, bytes: rssBytes };
  },
};

/** Members that read nothing. */
export const slowReaderScenarios: readonly Scenario[] = [third, tenPercent];
