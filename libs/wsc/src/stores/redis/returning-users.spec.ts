import { startRedis, type RedisServer } from '../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../test/support/until.js';
import { TestHub, type TestClient } from '../../testing/test-hub.js';
import { RedisBroker } from './broker/redis-broker.js';
import { RedisPresence } from './presence/redis-presence.js';
import { RedisNodes, type RedisNode } from './redis-nodes.fixture.js';

let server: RedisServer;
let nodes: RedisNodes;

beforeAll(async () => {
  server = await startRedis();
  nodes = new RedisNodes({ url: server.url });
});
afterEach(async () => nodes.close());
afterAll(async () => server[Symbol.asyncDispose]());

/** As in production, forty times as fast. The time of the hubs themselves stands still unless a test advances it. */
const fast = { beatMs: 50, deadAfterMs: 400, tidyMs: 400, againAfterMs: 400 };
const offlineGraceMs = 3_000;
const dayMs = 86_400_000;

interface StartedHub {
  readonly node: RedisNode;
  readonly test: TestHub;
  /** The users' events of this node. */
  readonly events: readonly string[];
}

async function startHub(graceMs: number): Promise<StartedHub> {
  const node = await nodes.open(fast);
  const { cluster, connections, clock, logger } = node;
  const test = await TestHub.start({
    // Looking lets much time pass for the hubs, in which the clients answer no ping.
    options: { offlineGraceMs, heartbeatIntervalMs: dayMs, clientTimeoutMs: 2 * dayMs },
    dependencies: {
      cluster,
      broker: new RedisBroker({ connections, clock, logger, instanceId: () => cluster.self.instanceId }),
      presence: new RedisPresence({ graceMs: () => graceMs }, { connections, instances: cluster, clock, logger }),
    },
  });
  test.hub.namespaces.define('chat', { joinable: true, announceMembers: true, presence: true });
  const events: string[] = [];
  for (const name of ['user.online', 'user.offline'] as const)
    test.hub.events.on(name, ({ userId }) => void events.push(`${name} ${userId ?? ''}`));
  nodes.onClose(async () => {
    clock.resume();
    await test[Symbol.asyncDispose]();
  });
  return { node, test, events };
}

async function join({ test }: StartedHub, userId: string): Promise<TestClient> {
  const client = await test.connect({ userId });
  await until(async () => test.hub.isUserOnline(userId), Boolean);
  await client.connection.join('chat:1');
  return client;
}

/** What a client has heard of ann. */
const heardBy = ({ messages }: TestClient): readonly string[] =>
  messages.flatMap(({ event, data }) => {
    const { user_id: userId, status } = data as { readonly user_id: string; readonly status?: string };
    return userId === 'ann' ? [status ?? event] : [];
  });

const untilEvents = ({ test, events }: StartedHub, expected: readonly string[]): Promise<unknown> =>
  until(
    async () => {
      await test.settle();
      return events;
    },
    (seen) => seen.join() === expected.join(),
  );

/** Lets the time of a hub pass until what it does with Redis is seen. */
const untilHeard = (hub: StartedHub, client: TestClient, expected: readonly string[]): Promise<unknown> =>
  until(
    async () => {
      await hub.test.clock.advance(100);
      return heardBy(client);
    },
    (heard) => heard.join() === expected.join(),
  );

describe('a user whose node was stopped for longer than others wait', () => {
  it('was told to be gone, and is told to be online again once the node goes on', async () => {
    const [stopped, other] = [await startHub(0), await startHub(0)];
    const bob = await join(other, 'bob');
    await join(stopped, 'ann');
    await stopped.test.clock.advance(1_000);
    await untilHeard(other, bob, ['room_joined', 'online']);
    stopped.node.clock.stop();
    await untilHeard(other, bob, ['room_joined', 'online', 'room_left', 'offline']);
    stopped.node.clock.resume();
    await untilEvents(stopped, ['user.online ann', 'user.online ann']);
    await until(
      async () => other.test.hub.roomMembers('chat:1'),
      (members) => members.length === 2,
    );
    await stopped.test.clock.advance(1_000);
    await untilHeard(other, bob, ['room_joined', 'online', 'room_left', 'offline', 'room_joined', 'online']);
    expect(other.events).toEqual(['user.online bob', 'user.offline ann']);
  });

  it('is told neither where the node goes on within the grace', async () => {
    const [stopped, other] = [await startHub(60_000), await startHub(60_000)];
    const bob = await join(other, 'bob');
    await join(stopped, 'ann');
    await stopped.test.clock.advance(1_000);
    await untilHeard(other, bob, ['room_joined', 'online']);
    stopped.node.clock.stop();
    await untilEvents(other, ['user.online bob', 'user.offline ann']);
    stopped.node.clock.resume();
    await untilHeard(other, bob, ['room_joined', 'online', 'room_left', 'room_joined']);
    for (const { test } of [stopped, other]) await test.clock.advance(2 * offlineGraceMs);
    expect(heardBy(bob)).toEqual(['room_joined', 'online', 'room_left', 'room_joined']);
    await untilEvents(stopped, ['user.online ann', 'user.online ann']);
  });
});

describe('a user who comes into a room and goes before its members were told', () => {
  it('is told online by the next node', async () => {
    const [first, next] = [await startHub(60_000), await startHub(60_000)];
    const bob = await join(next, 'bob');
    await (await join(first, 'ann')).disconnect();
    await until(
      async () => next.test.hub.roomMembers('chat:1'),
      (members) => members.length === 1,
    );
    await join(next, 'ann');
    await untilHeard(next, bob, ['room_joined', 'room_left', 'room_joined', 'online']);
  });
});
