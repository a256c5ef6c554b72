import { SystemClock } from '../../libs/wsc/dist/system/system-clock.js';
import { openRedisStores } from '../../libs/wsc/dist/stores/redis/index.js';

const silent = { error: console.error, warn: console.error, info: () => undefined, debug: () => undefined };

/**
 * What a gateway has of Redis, without the gateway: stores that are started, and answer that each message that comes was
 * queued for one connection.
 *
 * @param {{ redisUrl: string, nodeId: string, onMessage?: () => void }} options
 */
export async function startNode({ redisUrl, nodeId, onMessage = () => undefined }) {
  const clock = new SystemClock();
  const stores = await openRedisStores({ redis: redisUrl, nodeId, graceMs: () => 3_000, clock, logger: silent });
  const { cluster, broker, presence } = stores;
  await cluster.start({
    request: () => undefined,
    notice: () => undefined,
    joined: () => undefined,
    left: () => undefined,
    lost: () => undefined,
  });
  await presence.start(() => undefined);
  await broker.start(() => {
    onMessage();
    return { queued: 1, dropped: 0 };
  });
  return stores;
}

/** Processor time of this process so far, in microseconds. */
export function ownCpuUs() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Does `work(index)` for each index below `count`, `width` at the same time.
 *
 * @param {number} count
 * @param {number} width
 * @param {(index: number) => unknown} work
 */
export async function forEach(count, width, work) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}
