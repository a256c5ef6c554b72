import { until } from '../until.js';
import { type RedisSentinel, startSentinel } from './redis-sentinel.js';

// Sentinels may need more than one attempt to agree.
jest.setTimeout(120_000);

describe('Sentinels for tests', () => {
  let started: RedisSentinel | undefined;
  const running = (): RedisSentinel => started!;

  beforeAll(async () => {
    started = await startSentinel();
  });
  afterAll(() => started?.[Symbol.asyncDispose]());

  it('agree on a master, and may fail over', async () => {
    expect(running().sentinels).toHaveLength(3);
    expect(running().clientConfig.sentinels[0]).toEqual({ host: '127.0.0.1', port: running().sentinels[0]?.port });
    await expect(running().master()).resolves.toBe(running().servers[0]);
    for (const sentinel of running().sentinels) {
      await expect(sentinel.ask('SENTINEL', 'CKQUORUM', running().name)).resolves.toMatch(/^OK 3 usable Sentinels/);
    }
  });

  it('promote a replica which has what the master had, and the old master follows it', async () => {
    const [former] = running().servers;
    await former?.ask('SET', 'key', 'value');
    await until(
      () => running().servers[1]?.ask('GET', 'key'),
      (value) => value === 'value',
    );

    const master = await running().failover();

    expect(master).toBe(running().servers[1]);
    await expect(master.ask('GET', 'key')).resolves.toBe('value');
    expect((await former?.info('replication'))?.get('master_port')).toBe(String(master.port));
  });

  it('promote a replica when the master was killed', async () => {
    const killed = await running().killMaster();
    expect(killed.isRunning).toBe(false);

    const master = await running().untilMaster((server) => server !== killed);

    await expect(master.ask('SET', 'key', 'other')).resolves.toBe('OK');
  });
});

describe('Sentinels for tests, from which the master can be cut off', () => {
  it('promote a replica while the master goes on alone, which becomes a replica again and loses what it has written meanwhile', async () => {
    await using sentinel = await startSentinel({ isMasterApart: true });
    const [former, other] = sentinel.servers;
    await expect(sentinel.master()).resolves.toBe(former);

    sentinel.masterNetwork?.blackHole();
    await expect(sentinel.untilMaster((server) => server !== former)).resolves.toBe(other);
    await expect(former?.ask('SET', 'key', 'alone')).resolves.toBe('OK');

    await sentinel.masterNetwork?.heal();
    await until(
      async () => (await former?.info('replication').catch(() => undefined))?.get('master_link_status'),
      (status) => status === 'up',
      { patienceMs: 60_000, everyMs: 25 },
    );
    await expect(former?.ask('GET', 'key')).resolves.toBeNull();
  });
});
