import { Gateways, type ClusterGateway } from './support/gateways.js';
import { signToken } from './support/jwt.js';
import { ask, connectWith, type GatewayNode } from './support/nodes/gateway-node.js';
import { expectHealed } from './support/nodes/heal.js';
import { expectReach, untilPresenceIsRight } from './support/nodes/promises.js';
import { inMs, report } from './support/nodes/report.js';
import { Resident, untilSendsArrive } from './support/nodes/residents.js';
import { startRedis } from './support/redis/redis-server.js';
import { until } from './support/until.js';

// A node counts as dead after ten seconds, and gateways start on a machine that may be busy.
jest.setTimeout(180_000);

let gateways: Gateways;
let survivor: Resident;
/** What has to be ended, the last one first; also where the next one could not start. */
const started: AsyncDisposable[] = [];

beforeAll(async () => {
  const redis = await startRedis();
  started.unshift(redis);
  gateways = await Gateways.start(3, { REDIS_URL: redis.url });
  started.unshift(gateways);
  survivor = await settleOn(gatewayAt(0));
});

afterAll(async () => {
  for (const each of started) await each[Symbol.asyncDispose]();
});

function gatewayAt(index: number): ClusterGateway {
  const gateway = gateways.all[index];
  if (gateway === undefined) throw new Error('There is no such gateway.');
  return gateway;
}

const settleOn = ({ nodeId, process }: ClusterGateway): Promise<Resident> =>
  Resident.settle({ nodeId, url: process.url });

/** Until a user is gone for a node; answers how long that took. */
async function untilGone(node: GatewayNode, { userId }: Resident): Promise<number> {
  const startedAt = performance.now();
  await until(
    async () => (await ask(node, `/api/online/${userId}`)).body,
    (seen) => JSON.stringify(seen).includes('"online":false'),
    { patienceMs: 30_000, everyMs: 20 },
  );
  return performance.now() - startedAt;
}

describe('a gateway of three', () => {
  it('that is killed leaves no ghosts, one that stops for longer than that is back with all its users when it goes on', async () => {
    const [stopped, killed] = [gatewayAt(1), gatewayAt(2)];
    const [frozen, lost] = await Promise.all([settleOn(stopped), settleOn(killed)]);
    const token = await signToken('revoked-meanwhile');
    const toBeCut = await connectWith(frozen.node, token);
    await untilSendsArrive([survivor, frozen, lost]);

    await killed.process.stop('SIGKILL');
    stopped.process.pause();
    const [killedMs, stoppedMs] = await Promise.all([untilGone(survivor.node, lost), untilGone(survivor.node, frozen)]);
    report('SIGKILL', `the last ghost is gone after ${inMs(killedMs)}`);
    report('SIGSTOP', `those on it count as gone after ${inMs(stoppedMs)}`);
    await untilPresenceIsRight(survivor.node, [survivor]);
    await expectReach([survivor]);
    expect(await ask(survivor.node, '/auth/revoke', { body: { token } })).toMatchObject({ body: { revoked: true } });

    await expectHealed('SIGSTOP for longer than 10 s, then SIGCONT', [survivor, frozen], async () => {
      stopped.process.resume();
      const resumedAt = performance.now();
      expect(await toBeCut.closed).toMatchObject({ code: 4501 });
      report('SIGCONT', `a token that was revoked meanwhile is cut after ${inMs(performance.now() - resumedAt)}`);
    });

    await killed.startAgain();
    const back = await settleOn(killed);
    await expectHealed('A killed gateway that was started again', [survivor, frozen, back], () => undefined);
    await Promise.all([frozen, back].map(({ client }) => client.close()));
    await untilPresenceIsRight(survivor.node, [survivor]);
  });

  it('that is told to end says goodbye, and its users are gone within a second', async () => {
    const ending = gatewayAt(1);
    const leaving = await settleOn(ending);
    await untilSendsArrive([survivor, leaving]);

    const ended = ending.process.stop('SIGTERM');
    expect(await leaving.client.closed).toMatchObject({ code: 1012 });
    const goneMs = await untilGone(survivor.node, leaving);
    expect(goneMs).toBeLessThan(1_000);
    expect(await ended).toBe(0);
    report('SIGTERM', `its users are gone ${inMs(goneMs)} after their goodbye`);

    await ending.startAgain();
    await expectHealed('A restarted gateway', [survivor, await settleOn(ending)], () => undefined);
  });
});
