import { startCluster } from '../../../../../../test/support/redis/redis-cluster.js';
import { FaultProxy } from '../../../../../../test/support/redis/fault-proxy.js';
import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { testMessage } from '../../../testing/contracts/test-message.js';
import { RedisInbox } from '../inbox/redis-inbox.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { RedisStreams } from '../streams/redis-streams.js';

jest.setTimeout(60_000);

const room = 'chat:1';
const limits = { maxMessages: 1_000, timeToLiveMs: 60_000 };
const all = { maxMessages: 1_000, maxBytes: 1_000_000 };

/** A primary, and a replica that hears of everything 50 ms later. */
class Pair implements AsyncDisposable {
  readonly primary: RedisServer;
  readonly replica: RedisServer;
  readonly #way: FaultProxy;

  private constructor(primary: RedisServer, replica: RedisServer, way: FaultProxy) {
    this.primary = primary;
    this.replica = replica;
    this.#way = way;
  }

  static async start(): Promise<Pair> {
    const primary = await startRedis({ config: { 'repl-diskless-sync-delay': 0 } });
    const way = await FaultProxy.start(primary);
    const replica = await startRedis({ config: { replicaof: `${way.host} ${String(way.port)}` } });
    const link = async () => (await replica.info('replication')).get('master_link_status');
    await until(link, (status) => status === 'up', { patienceMs: 20_000, everyMs: 50 });
    way.delay(50, 'toClient');
    return new Pair(primary, replica, way);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.replica[Symbol.asyncDispose]();
    await this.#way[Symbol.asyncDispose]();
    await this.primary[Symbol.asyncDispose]();
  }
}

async function open(nodes: RedisNodes) {
  const { connections } = await nodes.open();
  return {
    names: connections.names,
    streams: new RedisStreams({ connections }),
    inbox: new RedisInbox({}, { connections }),
  };
}

const append = (streams: RedisStreams, id: string) =>
  streams.append(room, { message: testMessage(id), limits, once: { key: id, windowMs: 60_000 } });

describe('where a replica is waited for', () => {
  let pair: Pair;
  let nodes: RedisNodes;
  beforeAll(async () => {
    pair = await Pair.start();
  });
  beforeEach(() => {
    nodes = new RedisNodes({ url: pair.primary.url, waitForReplicas: 1 });
  });
  afterEach(async () => {
    pair.replica.resume();
    await nodes.close();
  });
  afterAll(async () => pair[Symbol.asyncDispose]());

  it('what counts as stored is on the replica already', async () => {
    const { names, streams, inbox } = await open(nodes);
    await append(streams, 'a');
    expect(await pair.replica.ask('XLEN', names.streamKey(room))).toBe(1);
    await inbox.store('ann', { message: testMessage('b') });
    expect(await pair.replica.ask('EXISTS', ...names.inboxKeys('ann'))).toBeGreaterThan(0);
  });

  it('a replica that says nothing leaves it unknown, and the same id gets the first answer once it does', async () => {
    const { streams } = await open(nodes);
    pair.replica.pause();
    await expect(append(streams, 'c')).rejects.toMatchObject({ error: 'WSC_TIMEOUT' });
    await expect(append(streams, 'c')).rejects.toMatchObject({ error: 'WSC_TIMEOUT' });
    const { entries } = await streams.readFromStart(room, all);
    const kept = entries.filter(({ message }) => message.id === 'c');
    expect(kept).toHaveLength(1);
    pair.replica.resume();
    const again = () => append(streams, 'c').catch(() => undefined);
    const answer = await until(again, (stored) => stored !== undefined, { patienceMs: 10_000 });
    expect(answer?.position.offset).toBe(kept[0]?.offset);
  });

  it('a primary that goes while it is waited for leaves it unknown, too: it may have been kept', async () => {
    const { streams } = await open(nodes);
    pair.replica.pause();
    const waiting = append(streams, 'f');
    await until(
      async () => (await streams.readFromStart(room, all)).entries.some(({ message }) => message.id === 'f'),
      (isThere) => isThere,
    );
    await pair.primary.ask('CLIENT', 'KILL', 'TYPE', 'normal');
    await expect(waiting).rejects.toMatchObject({ error: 'WSC_TIMEOUT' });
  });

  it('a Redis that does not let us wait has the message all the same', async () => {
    const { streams } = await open(nodes);
    await pair.primary.ask('ACL', 'SETUSER', 'default', '-wait');
    await expect(append(streams, 'g')).rejects.toMatchObject({ error: 'WSC_TIMEOUT' });
    await pair.primary.ask('ACL', 'SETUSER', 'default', '+wait');
    await expect(append(streams, 'g')).resolves.toMatchObject({ status: 'repeated' });
  });

  it('many are waited for together', async () => {
    const { streams } = await open(nodes);
    const waits = async () =>
      /calls=(\d+)/.exec((await pair.primary.info('commandstats')).get('cmdstat_wait') ?? '')?.[1];
    const before = Number(await waits());
    await Promise.all(Array.from({ length: 500 }, (_, index) => append(streams, `d${String(index)}`)));
    expect(Number(await waits()) - before).toBeLessThan(50);
  });

  it('reading does not have to wait', async () => {
    const { streams } = await open(nodes);
    pair.replica.pause();
    const writing = append(streams, 'e').catch(() => 'unknown');
    const first = await Promise.race([writing, streams.readFromStart(room, all)]);
    expect(first).toMatchObject({ status: 'ok' });
    expect(await writing).toBe('unknown');
  });
});

it('on a Redis Cluster the replicas of the slot are waited for, also just after it has moved', async () => {
  await using servers = await startCluster({ replicasPerMaster: 1 });
  await using nodes = new RedisNodes({ cluster: servers.clientConfig, waitForReplicas: 1 });
  const { names, streams, inbox } = await open(nodes);
  await append(streams, 'a');
  await Promise.all(['ann', 'bob', 'eve'].map((user) => inbox.store(user, { message: testMessage(user) })));
  const key = names.streamKey(room);
  const slot = await servers.slotOf(key);
  const owner = await servers.ownerOf(slot);
  const other = servers.masters.find((master) => master !== owner)!;
  await servers.moveSlot(slot, owner, other);
  await expect(append(streams, 'b')).resolves.toMatchObject({ status: 'stored' });
});
