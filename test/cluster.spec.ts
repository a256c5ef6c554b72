import { callApi } from './support/gateway-api.js';
import { callAsAdmin, connectAs } from './support/gateway-users.js';
import { Gateways, type ClusterGateway } from './support/gateways.js';
import { signToken } from './support/jwt.js';
import { Nginx } from './support/nginx.js';
import { ReconnectingClients } from './support/reconnecting-clients.js';
import { startRedis } from './support/redis/redis-server.js';
import { until } from './support/until.js';
import type { WscClient } from './support/wsc-client.js';

// Gateways start one after the other here, on a machine that may be busy.
jest.setTimeout(240_000);

const room = 'chat:lobby';
const clientCount = 60;
const patience = { patienceMs: 60_000, everyMs: 20 } as const;

let gateways: Gateways;
let clients: ReconnectingClients;
/** What has to be ended, the last one first; also where the next one could not start. */
const started: AsyncDisposable[] = [];

beforeAll(async () => {
  const redis = await startRedis();
  started.unshift(redis);
  gateways = await Gateways.start(3, {
    REDIS_URL: redis.url,
    WSC_TRUSTED_PROXIES: '127.0.0.1',
    // On a slow machine a client may take longer to come back than the default, and would rightly be called offline.
    WSC_OFFLINE_GRACE_MS: '8000',
  });
  started.unshift(gateways);
  const nginx = await Nginx.start(gateways.addresses);
  started.unshift(nginx);
  clients = await ReconnectingClients.join(nginx.webSocketUrl, room, clientCount);
  started.unshift(clients);
});

afterAll(async () => {
  for (const each of started) await each[Symbol.asyncDispose]();
});

async function ask(gateway: ClusterGateway, path: string): Promise<unknown> {
  const token = await signToken('operator', { user_type: 'admin' });
  return (await callApi(gateway.process.url, path, { token })).body;
}

async function onlineCount(gateway: ClusterGateway): Promise<number> {
  return ((await ask(gateway, '/api/online?limit=1')) as { readonly count: number }).count;
}

async function memberCount(gateway: ClusterGateway): Promise<number> {
  return ((await ask(gateway, `/api/rooms/${room}/members`)) as { readonly count: number }).count;
}

type Clients = ReconnectingClients['all'];

/** Until these have lost their connection, and everybody has one again. */
function untilBack(lost: Clients): Promise<boolean> {
  return until(
    () =>
      lost.every(({ outagesMs }) => outagesMs.length > 0) && clients.all.every(({ client }) => client.state === 'open'),
    (areBack) => areBack,
    patience,
  );
}

/** Everybody is a member, as each gateway knows it, and hears what one of them says, wherever they are connected. */
async function expectWholeRoom(word: string): Promise<void> {
  for (const gateway of gateways.all) {
    await until(
      () => memberCount(gateway),
      (count) => count === clientCount,
      patience,
    );
  }
  const heardBy = await clients.tellRoom(word);
  await until(heardBy, (count) => count === clientCount - 1, patience);
}

const whoWasToldOffline = (): readonly string[] =>
  [...new Set(clients.all.flatMap(({ toldOffline }) => toldOffline))].sort();

const seconds = (ms: number): string => `${(ms / 1000).toFixed(2)} s`;

function report(what: string, outagesMs: readonly number[]): void {
  const median = outagesMs[Math.floor(outagesMs.length / 2)] ?? 0;
  console.info(
    `${what}: ${outagesMs.length} clients lost their gateway; back after ${seconds(median)} (median), ` +
      `${seconds(outagesMs.at(-1) ?? 0)} (the last).`,
  );
}

describe('three gateways on one Redis behind nginx', () => {
  it('are one: who is connected to any of them is a member for all, and hears the room', async () => {
    expect(Object.keys(clients.countByNode).sort()).toEqual(['gateway-1', 'gateway-2', 'gateway-3']);
    await expectWholeRoom('all together');
  });

  it('end a room by way of any of them, also one that has no member of it', async () => {
    const [here, elsewhere] = gateways.all;
    if (here === undefined || elsewhere === undefined) throw new Error('There are no two gateways.');
    const ada = await connectAs(here.process, 'ada');
    await ada.request('join_room', { room: 'doc:ended' });
    const end = (): Promise<unknown> => callAsAdmin(elsewhere.process, '/api/rooms/doc:ended', { method: 'DELETE' });
    expect(await end()).toMatchObject({ status: 200, body: { removed_members: 1 } });
    expect(await ada.hear({ event: 'room_closed' })).toMatchObject({ data: { room: 'doc:ended' } });
    expect(await end()).toMatchObject({ status: 404, body: { error: 'WSC_NOT_FOUND' } });
    await ada.close();
  });

  it('are restarted one after the other without one client left behind, or called offline', async () => {
    const stopTalking = clients.startTalking(2_000);
    for (const gateway of gateways.all) {
      const leaving = clients.on(gateway.nodeId);
      expect(await gateway.restart()).toBe(0);
      await untilBack(leaving);
      const outagesMs = clients.takeOutagesMs();
      report(`Restart of ${gateway.nodeId}`, outagesMs);
      expect(outagesMs).toHaveLength(leaving.length);
    }
    await stopTalking();
    await expectWholeRoom('after the rolling restart');
    expect(whoWasToldOffline()).toEqual([]);
  });

  it('lose one to `kill -9` under load: its clients are back within 5 s, its ghosts are gone within 30 s', async () => {
    // After the rolling restart the last one is empty; whoever comes is sent there.
    const [survivor, killed] = gateways.all as [ClusterGateway, ClusterGateway, ClusterGateway];
    const lostUsers = ['lost-1', 'lost-2', 'lost-3'];
    const lost: readonly WscClient[] = await Promise.all(lostUsers.map((user) => connectAs(killed.process, user)));
    for (const client of lost) await client.request('join_room', { room });
    await until(
      () => onlineCount(survivor),
      (count) => count === clientCount + lostUsers.length,
      patience,
    );
    const victims = clients.on(killed.nodeId);
    expect(victims.length).toBeGreaterThan(0);
    const stopTalking = clients.startTalking(2_000);

    const killedAt = performance.now();
    await killed.process.stop('SIGKILL');
    await untilBack(victims);
    expect(clients.on(killed.nodeId)).toEqual([]);
    const outagesMs = clients.takeOutagesMs();
    report('kill -9', outagesMs);
    expect(outagesMs).toHaveLength(victims.length);
    expect(Math.max(...outagesMs)).toBeLessThan(5_000);

    await until(
      () => onlineCount(survivor),
      (count) => count === clientCount,
      patience,
    );
    const ghostsMs = performance.now() - killedAt;
    console.info(`kill -9: the last ghost was gone after ${seconds(ghostsMs)}.`);
    expect(ghostsMs).toBeLessThan(30_000);
    await stopTalking();
    await killed.startAgain();
    await expectWholeRoom('after the kill');

    // Who is gone is announced to each, once; and nobody else is.
    await until(
      () => clients.all.filter(({ toldOffline }) => toldOffline.length >= lostUsers.length).length,
      (count) => count === clientCount,
      patience,
    );
    for (const { toldOffline } of clients.all) expect([...toldOffline].sort()).toEqual(lostUsers);
  });
});
