import { setTimeout as pause } from 'node:timers/promises';
import { forEach, ownCpuUs, startNode } from './node.mjs';
import { redisBytes, redisCpuUs } from './redis.mjs';

const width = 64;
const membersPerRoom = 50;
const furtherNodes = 10;
const limits = { maxConnections: 10, maxDevices: 0 };

const entryOf = (nodeId, index) => ({
  connectionId: `0198f3a2-0000-7000-8000-${String(index).padStart(12, '0')}`,
  userId: `user-${index}`,
  deviceId: `device-${index}`,
  nodeId,
  since: Date.now(),
});
const userOf = ({ userId }) => ({ kind: 'user', userId });
const roomOf = (index) => `chat:${Math.floor(index / membersPerRoom)}`;

/** One after the other, what a connection costs Redis and its gateway: processor time per connection, and memory. */
async function measure(redis, count, work) {
  const [redisBefore, bytesBefore, ownBefore] = [await redisCpuUs(redis), await redisBytes(redis), ownCpuUs()];
  await forEach(count, width, work);
  const ownUs = ownCpuUs() - ownBefore;
  const [redisUs, bytes] = [(await redisCpuUs(redis)) - redisBefore, (await redisBytes(redis)) - bytesBefore];
  return { redisUs: redisUs / count, nodeUs: ownUs / count, redisBytes: bytes / count };
}

async function closeNode({ broker, presence, cluster, foundation }) {
  for (const store of [broker, presence, cluster, foundation]) await store.close();
}

async function measureIdle(redis) {
  const seconds = 15;
  const [redisBefore, ownBefore] = [await redisCpuUs(redis), ownCpuUs()];
  await pause(seconds * 1_000);
  return {
    redisUsPerSecond: ((await redisCpuUs(redis)) - redisBefore) / seconds,
    nodeUsPerSecond: (ownCpuUs() - ownBefore) / seconds,
  };
}

/** What Redis needs beside one gateway of which nothing is asked, and how much more for each further one. */
async function measureGateways({ redis, redisUrl }) {
  const one = await measureIdle(redis);
  const others = [];
  for (let index = 0; index < furtherNodes; index++)
    others.push(await startNode({ redisUrl, nodeId: `idle-${index}` }));
  const all = await measureIdle(redis);
  for (const other of others) await closeNode(other);
  return {
    one,
    each: {
      redisUsPerSecond: (all.redisUsPerSecond - one.redisUsPerSecond) / furtherNodes,
      nodeUsPerSecond: (all.nodeUsPerSecond - one.nodeUsPerSecond) / furtherNodes,
    },
  };
}

/** The life of `count` connections: connect, join a room of 50, nothing, disconnect. */
export async function measureConnections({ redis, redisUrl, count }) {
  const node = await startNode({ redisUrl, nodeId: 'measured' });
  const { presence, broker } = node;
  const entries = Array.from({ length: count }, (_, index) => entryOf('measured', index));
  const connect = async (index) => {
    await presence.reserve(entries[index], limits);
    await Promise.all([broker.subscribe(userOf(entries[index])), presence.added(entries[index])]);
  };
  const join = async (index) => {
    await broker.subscribe({ kind: 'room', room: roomOf(index) });
    await presence.joined(entries[index], roomOf(index));
  };
  const disconnect = async (index) => {
    broker.unsubscribe({ kind: 'room', room: roomOf(index) });
    broker.unsubscribe(userOf(entries[index]));
    await presence.removed(entries[index]);
  };
  // The same once before, so that compiled code is measured, and again once subscriptions have lingered to their end.
  await forEach(count / 4, width, connect);
  await forEach(count / 4, width, join);
  await forEach(count / 4, width, disconnect);
  await pause(15_000);
  const result = {
    connect: await measure(redis, count, connect),
    join: await measure(redis, count, join),
    idle: await measureGateways({ redis, redisUrl }),
    disconnect: await measure(redis, count, disconnect),
  };
  await closeNode(node);
  return result;
}
