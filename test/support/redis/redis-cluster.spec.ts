import { until } from '../until.js';
import { type RedisCluster, slotCount, startCluster } from './redis-cluster.js';

const tagged = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `{tag}:${at}`);

describe('a cluster for tests', () => {
  let cluster: RedisCluster | undefined;
  const running = (): RedisCluster => cluster!;

  beforeAll(async () => {
    cluster = await startCluster({ replicasPerMaster: 1, nodeTimeoutMs: 1_000 });
  });
  afterAll(() => cluster?.[Symbol.asyncDispose]());

  it('has each slot on one of its masters', async () => {
    const { masters } = running();

    expect(masters).toHaveLength(3);
    const owners = await Promise.all([0, slotCount / 2, slotCount - 1].map((slot) => running().ownerOf(slot)));
    expect(owners).toEqual(masters);
    const slot = await running().slotOf('key');
    const owner = await running().ownerOf(slot);
    await expect(owner.ask('SET', 'key', 'value')).resolves.toBe('OK');
    const other = masters.find((master) => master !== owner);
    await expect(other?.ask('GET', 'key')).rejects.toThrow(`MOVED ${slot} ${owner.host}:${owner.port}`);
  });

  it('has replicas that follow the masters in their order', async () => {
    const { masters, replicas } = running();
    for (const [at, replica] of replicas.entries()) {
      expect((await replica.info('replication')).get('master_port')).toBe(String(masters[at]?.port));
    }
  });

  it('moves a slot with all its keys from one master to another', async () => {
    const keys = tagged(250);
    const slot = await running().slotOf('{tag}');
    const from = await running().ownerOf(slot);
    const to = running().masters.find((master) => master !== from)!;
    for (const key of keys) await from.ask('SET', key, 'value');

    await running().moveSlot(slot, from, to);

    await expect(running().ownerOf(slot)).resolves.toBe(to);
    await expect(to.ask('CLUSTER', 'COUNTKEYSINSLOT', slot)).resolves.toBe(keys.length);
    await expect(from.ask('GET', '{tag}:0')).rejects.toThrow(`MOVED ${slot} ${to.host}:${to.port}`);
  });

  it('lets a replica take over from a master that was killed', async () => {
    const [master] = running().masters;
    await master?.kill();

    const owner = await until(
      () => running().ownerOf(0),
      (seen) => seen !== master,
      { patienceMs: 10_000, everyMs: 25 },
    );
    await running().untilOk();

    expect(owner).toBe(running().replicas[0]);
  });
});
