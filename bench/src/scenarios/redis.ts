import type { PeerName } from '../harness/peers.js';
import { place, placeHalves } from './nodes.js';
import { measureBursts, measurePace, roomName } from './room.js';
import { cpuRatio, type Scenario, type Variant } from './scenario.js';

const twoNodes = (peer: PeerName): Variant => ({ peer, nodes: 2 });
const everybody: readonly Variant[] = [twoNodes('ours'), twoNodes('socket.io-redis'), twoNodes('socket.io-streams')];

const burst: Scenario = {
  name: 'redis-burst',
  title: 'Through Redis: burst of 100 messages of 128 B to 1,000 members, half of them on each of two nodes',
  operation: 'delivery',
  variants: everybody,
  goals: [
    {
      // That adapter keeps each message in a stream; here it is published and gone. With history it will cost more.
      text: 'through Redis, 2 nodes, rooms without history: deliveries per server CPU, × Socket.IO with its streams adapter',
      goal: 10,
      stretch: 20,
      atLeast: true,
      value: (rows) => cpuRatio(rows.of('socket.io-streams'), rows.of('ours')),
    },
  ],
  measure: async (run, _variant, scale) => {
    const size =
      scale === 'full'
        ? { members: 1000, messages: 100, durationMs: 1500 }
        : { members: 20, messages: 10, durationMs: 100 };
    await placeHalves(run, size);
    return measureBursts(run, { ...size, bytes: 128 });
  },
};

const paced: Scenario = {
  name: 'redis-paced',
  title: 'Through Redis: one message of 128 B each 20 ms to 1,000 members, half of them on each of two nodes',
  operation: 'delivery',
  variants: everybody,
  goals: [],
  measure: async (run, _variant, scale) => {
    const size = scale === 'full' ? { members: 1000, seconds: 2.5 } : { members: 20, seconds: 0.2 };
    await placeHalves(run, size);
    return measurePace(run, { ...size, perSecond: 50, bytes: 128 });
  },
};

const unloaded: Scenario = {
  name: 'redis-unloaded',
  title: 'Through Redis: 20 messages per second from one node to 10 members on another, latency without load',
  operation: 'delivery',
  variants: everybody,
  goals: [
    {
      text: 'p99 without load through Redis, from one node to clients of another, in microseconds',
      goal: 10_000,
      stretch: 5000,
      value: (rows) => rows.of('ours').p99 ?? NaN,
    },
  ],
  measure: async (run, _variant, scale) => {
    const members = 10;
    await place(run, {
      rooms: [
        [roomName, 0],
        [roomName, members],
      ],
      publishers: 1,
    });
    return measurePace(run, { members, perSecond: 20, seconds: scale === 'full' ? 4 : 0.2, bytes: 128 });
  },
};

const ofNodes = (peer: PeerName, nodes: number): Variant => ({
  peer,
  nodes,
  note: `${nodes} ${nodes === 1 ? 'node' : 'nodes'}`,
});

const growth: Scenario = {
  name: 'redis-growth',
  title: 'Through Redis: more nodes, each with a room of 10 of its own that is sent 200 messages of 128 B per second',
  operation: 'delivery',
  variants: [
    ...[1, 2, 4].map((nodes) => ofNodes('ours', nodes)),
    ...[1, 4].map((nodes) => ofNodes('socket.io-redis', nodes)),
    ...[1, 4].map((nodes) => ofNodes('socket.io-streams', nodes)),
  ],
  goals: [
    {
      text: 'through Redis, rooms that live on one node each: CPU per delivery on 4 nodes against 1',
      goal: 1.1,
      value: (rows) => cpuRatio(rows.of('ours', '4 nodes'), rows.of('ours', '1 node')),
    },
  ],
  measure: async (run, _variant, scale) => {
    // So little that nodes on one core seldom wait for each other: who waits gathers, and would look cheaper with more nodes.
    const size =
      scale === 'full' ? { members: 10, perSecond: 200, seconds: 4 } : { members: 5, perSecond: 50, seconds: 0.2 };
    const rooms = run.nodes.map((_, index) => `bench:room-${index}`);
    await place(run, { rooms: rooms.map((room) => [room, size.members]), publishers: rooms.length });
    return measurePace(run, { ...size, members: size.members * rooms.length, bytes: 128, room: rooms });
  },
};

/** Several nodes that are one through a Redis. */
export const redisScenarios: readonly Scenario[] = [burst, paced, unloaded, growth];
