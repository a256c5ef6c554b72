import { closeApps } from './support/apps.js';
import { signToken } from './support/jwt.js';
import { ask, connectWith, startNode, type LocalNode } from './support/nodes/gateway-node.js';
import { startCluster } from './support/redis/redis-cluster.js';
import { startRedis, type RedisServer } from './support/redis/redis-server.js';
import { list, text } from './support/redis/reply.js';
import { until } from './support/until.js';
import type { WscClient } from './support/wsc-client.js';

jest.setTimeout(120_000);

/** Longer than the ten seconds for which a subscription that nobody needs stays. */
const lingering = { patienceMs: 30_000, everyMs: 100 } as const;
const usersPerNode = 20;

/** What nodes have in Redis, sorted. */
interface Traces {
  /** Each followed by `for ever`, or `for a while` where it has a time to live. */
  readonly keys: readonly string[];
  readonly channels: readonly string[];
  /** Names of connections. */
  readonly clients: readonly string[];
}

async function tracesIn(servers: readonly RedisServer[]): Promise<Traces> {
  const all = await Promise.all(servers.map(tracesInOne));
  return {
    keys: all.flatMap(({ keys }) => keys).sort(),
    channels: all.flatMap(({ channels }) => channels).sort(),
    clients: all.flatMap(({ clients }) => clients).sort(),
  };
}

async function tracesInOne(server: RedisServer): Promise<Traces> {
  const names = list(await server.ask('KEYS', '*')).map(text);
  const keys = await Promise.all(
    names.map(async (name) => `${name} ${Number(await server.ask('TTL', name)) < 0 ? 'for ever' : 'for a while'}`),
  );
  const classic = list(await server.ask('PUBSUB', 'CHANNELS')).map(text);
  const sharded = list(await server.ask('PUBSUB', 'SHARDCHANNELS')).map(text);
  const clients = [...text(await server.ask('CLIENT', 'LIST')).matchAll(/ name=(\S+) /g)].map(([, name]) =>
    String(name),
  );
  return { keys, channels: [...classic, ...sharded], clients };
}

const lastingOf = ({ keys }: Traces): readonly string[] => keys.filter((key) => key.endsWith('for ever'));

/** Everything that leaves something in Redis. */
async function live(nodes: readonly LocalNode[]): Promise<readonly WscClient[]> {
  const clients = await Promise.all(
    nodes.flatMap((node) => Array.from({ length: usersPerNode }, (_, index) => liveOn(node, index))),
  );
  for (const { hub } of nodes) {
    await hub.broadcast({ event: 'news' });
    await hub.sendToRoom('chat:all', { event: 'news' });
    await hub.sendToUserWithAck('user-1', { event: 'news' }, { timeoutMs: 50 });
    await hub.issueConnectToken({ userId: 'user-1', claims: {} });
    expect(await hub.onlineUserCount()).toBe(usersPerNode - 1);
  }
  return clients;
}

/** The same users on all nodes, each in two rooms; one of them loses the token, and with it the connection. */
async function liveOn(node: LocalNode, index: number): Promise<WscClient> {
  const token = await signToken(`user-${String(index)}`, { jti: `${node.nodeId}-${String(index)}` });
  const client = await connectWith(node, token);
  for (const room of ['chat:all', `chat:${String(index)}`]) await client.request('join_room', { room });
  await client.request('room_message', { room: 'chat:all', data: 'hello' });
  if (index === 0) await ask(node, '/auth/revoke', { body: { token } });
  else if (index === 1) await client.request('leave_room', { room: 'chat:all' });
  return client;
}

/** Where a suite runs. */
interface Place extends AsyncDisposable {
  readonly servers: readonly RedisServer[];
  readonly start: (nodeId: string) => Promise<LocalNode>;
}

const places: readonly [string, () => Promise<Place>][] = [
  [
    'one Redis',
    async () => {
      const redis = await startRedis();
      return {
        servers: [redis],
        start: (nodeId) => startNode(nodeId, redis.url),
        [Symbol.asyncDispose]: () => redis[Symbol.asyncDispose](),
      };
    },
  ],
  [
    'a Redis Cluster',
    async () => {
      const cluster = await startCluster();
      return {
        servers: cluster.masters,
        start: (nodeId) => startNode(nodeId, { cluster: cluster.clientConfig }),
        [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
      };
    },
  ],
];

// Those of a test that has failed.
afterAll(closeApps);

describe('nodes whose users have gone', () => {
  // At the same time: each waits until subscriptions have gone that nobody needs any more.
  it.concurrent.each(places)(
    'keep nothing of them on %s, and leave nothing behind that stays',
    async (_, startPlace) => {
      await using place = await startPlace();
      const nodes = [await place.start('one'), await place.start('two')];
      const traces = (): Promise<Traces> => tracesIn(place.servers);
      const idle = await traces();

      const clients = await live(nodes);
      expect((await traces()).channels.length).toBeGreaterThan(idle.channels.length + usersPerNode);
      await Promise.all(clients.map((client) => client.close()));
      await until(
        async () => (await traces()).channels.join(),
        (channels) => channels === idle.channels.join(),
        lingering,
      );
      expect(lastingOf(await traces())).toEqual(lastingOf(idle));
      expect((await traces()).clients).toEqual(idle.clients);

      await Promise.all(nodes.map(({ app }) => app.close()));
      await until(
        async () => (await traces()).clients.join(),
        (left) => left === '',
      );
      const left = await traces();
      expect(lastingOf(left)).toEqual([]);
      expect(left.channels).toEqual([]);
      // What it says of revoked tokens and open connect tokens is there still, for a while.
      expect(left.keys.length).toBeGreaterThan(0);
    },
  );
});
