import { setImmediate as nextTurn } from 'node:timers/promises';
import { closeApps } from './support/apps.js';
import { connectAs, gatewayEnvironment } from './support/gateway-users.js';
import { GatewayProcess } from './support/gateway-process.js';
import { startNode, type LocalNode } from './support/nodes/gateway-node.js';
import { inMs, report } from './support/nodes/report.js';
import { Resident } from './support/nodes/residents.js';
import { FaultProxy } from './support/redis/fault-proxy.js';
import { startRedis } from './support/redis/redis-server.js';
import type { WscClient } from './support/wsc-client.js';

jest.setTimeout(120_000);

const rooms = ['chat:1', 'chat:2', 'chat:3', 'chat:4', 'chat:5'];
const messageCount = 5_000;
const perTurn = 50;
/**
 * What a node says to Redis in the time of these sends anyway: that it lives, where its rooms are, whether there is anything for it. Three
 * bytes for each message of the others, of which one takes two hundred.
 */
const idleBytes = 3 * messageCount;

/** Sends all messages to the rooms, some in a turn, and waits for Redis to have them. */
async function sendAll({ hub }: LocalNode): Promise<void> {
  for (let sent = 0; sent < messageCount; sent += perTurn) {
    const room = rooms[(sent / perTurn) % rooms.length] ?? '';
    const sends = Array.from({ length: perTurn }, () => hub.sendToRoom(room, { event: 'news', data: 'x'.repeat(100) }));
    await Promise.all(sends);
    await nextTurn();
  }
}

describe('what happens in the rooms of one node', () => {
  it('costs another node nothing, unless it has a member of one of them', async () => {
    await using redis = await startRedis();
    await using busyLink = await FaultProxy.start(redis);
    await using quietLink = await FaultProxy.start(redis);
    await using quiet = await GatewayProcess.start({ ...gatewayEnvironment, REDIS_URL: quietLink.url });
    const busy = await startNode('busy', busyLink.url);
    const { client } = await Resident.settle(busy);
    for (const room of rooms) await client.request('join_room', { room });
    const other = await connectAs(quiet, 'other');
    await other.request('join_room', { room: 'chat:elsewhere' });

    const measure = async () => {
      const [busyBefore, quietBefore, cpuBefore] = [bytesOf(busyLink), bytesOf(quietLink), await quiet.cpuMs()];
      const startedAt = performance.now();
      await sendAll(busy);
      return {
        ms: performance.now() - startedAt,
        busyBytes: bytesOf(busyLink) - busyBefore,
        quietBytes: bytesOf(quietLink) - quietBefore,
        quietCpuMs: (await quiet.cpuMs()) - cpuBefore,
      };
    };

    const apart = await measure();
    report(
      `${String(messageCount)} messages in ${inMs(apart.ms)}, to rooms that the other node has nothing of`,
      `${String(apart.busyBytes)} bytes of the node that sends, ${String(apart.quietBytes)} bytes and ${inMs(apart.quietCpuMs)} of processor of the other`,
    );
    expect(apart.busyBytes).toBeGreaterThan(100 * messageCount);
    expect(apart.quietBytes).toBeLessThan(idleBytes);

    await joinFirst(other);
    const together = await measure();
    report(
      `${String(messageCount)} messages in ${inMs(together.ms)}, a fifth of them to a room that the other node has a member of`,
      `${String(together.quietBytes)} bytes and ${inMs(together.quietCpuMs)} of processor of the other`,
    );
    expect(together.quietBytes).toBeGreaterThan(20 * messageCount);
    await closeApps();
  });
});

const bytesOf = ({ bytesToServer, bytesToClient }: FaultProxy): number => bytesToServer + bytesToClient;

async function joinFirst(client: WscClient): Promise<void> {
  expect(await client.request('join_room', { room: rooms[0] })).toMatchObject({ type: 'response' });
}
