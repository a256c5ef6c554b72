import { startRedis, type RedisServer } from '../../../../../../test/support/redis/redis-server.js';
import { until } from '../../../../../../test/support/until.js';
import { FakeClock } from '../../../testing/fake-clock.js';
import { RedisNodes } from '../redis-nodes.fixture.js';
import { OwnEntries } from './own-entries.js';
import { PresenceStore } from './presence-store.js';
import { entry } from './presence-nodes.fixture.js';
import { Sweeper } from './sweeper.js';
import { Upkeep } from './upkeep.js';

describe('the upkeep of presence', () => {
  let server: RedisServer;
  let nodes: RedisNodes;
  beforeAll(async () => {
    server = await startRedis();
    nodes = new RedisNodes({ url: server.url });
  });
  afterAll(async () => {
    await nodes.close();
    await server[Symbol.asyncDispose]();
  });

  it('begins a second after the first failure, however many follow', async () => {
    const { connections, cluster, logger } = await nodes.start();
    const { names, commands: redis } = connections;
    const { partitions, partitionCount } = names;
    const clock = new FakeClock();
    const instanceId = (): string => cluster.self.instanceId;
    const listener = () => ({ expired: () => undefined, returned: () => undefined, returnedTo: () => undefined });
    const store = new PresenceStore({ redis, names, instanceId, graceMs: () => 1, placeMs: 1 });
    const own = new OwnEntries({ partitionCount, partitionOf: (name) => names.partitionOf(name) });
    const sweeper = new Sweeper({ store, own, clock, partitions, listener });
    const upkeep = new Upkeep({ store, own, sweeper, clock, logger, partitions, instanceId, auditMs: 5_000, listener });
    own.add(entry('ann'));
    for (let failures = 0; failures < 3; failures += 1) {
      upkeep.request();
      await clock.advance(400);
    }
    await until(
      () => store.isOnline('ann'),
      (isOnline) => isOnline,
    );
    await upkeep.close();
  });
});
