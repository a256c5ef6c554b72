import { Gateways, type ClusterGateway } from '../support/gateways.js';
import { signToken } from '../support/jwt.js';
import { Nginx } from '../support/nginx.js';
import { startRedis } from '../support/redis/redis-server.js';
import { unlessAborted } from '../support/unless-aborted.js';
import { until } from '../support/until.js';
import { Crowd } from './crowd.js';
import type { Member } from './member.js';
import { Publisher } from './publisher.js';

/** What is deployed. */
export interface DeployOptions {
  readonly clientCount: number;
  /** Told what happens, a line at a time. */
  readonly report: (line: string) => void;
  /** Ends it before its time: what it has started is stopped, and it rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How the clients of one gateway have gone through its restart. */
export interface Restart {
  readonly nodeId: string;
  readonly clientCount: number;
  /** From SIGTERM to the end of the process. */
  readonly drainMs: number;
  /** How long its clients had no connection. */
  readonly medianOutageMs: number;
  readonly longestOutageMs: number;
}

/** What a rolling deploy was like. */
export interface RollingDeploy {
  readonly restarts: readonly Restart[];
  readonly acknowledgedCount: number;
  readonly deliveredCount: number;
  /** The longest time until a message was acknowledged. */
  readonly longestSendMs: number;
  /** Clients that resumed their session, of all that came back. */
  readonly resumedCount: number;
  readonly reconnectedCount: number;
  /** What is wrong; empty: nothing was lost, and everybody came back as who they were. */
  readonly faults: readonly string[];
}

/** Everything that a restart happens to. */
interface Deployment {
  readonly crowd: Crowd;
  readonly publisher: Publisher;
  readonly report: (line: string) => void;
  readonly signal: AbortSignal;
}

const patienceMs = 180_000;
const lookEveryMs = 50;
const reportEveryMs = 2_000;
const publishEveryMs = 20;
const shownFaults = 10;

/**
 * Three gateways behind nginx, so many clients in rooms of 20, messages all the while, and one gateway after the other is restarted
 * as an orchestrator does it.
 */
export async function deployRolling(options: DeployOptions): Promise<RollingDeploy> {
  const { clientCount, report, signal = new AbortController().signal } = options;
  await using redis = await startRedis();
  await using gateways = await Gateways.start(3, {
    REDIS_URL: redis.url,
    WSC_TRUSTED_PROXIES: '127.0.0.1',
    WSC_MAX_CONNECTIONS: '0',
  });
  await using nginx = await Nginx.start(gateways.addresses, clientCount);
  const onProgress = seldom((joined: number) => report(`${String(joined)} of ${String(clientCount)} are connected`));
  await using crowd = await Crowd.gather({ url: nginx.webSocketUrl, clientCount, onProgress, signal });
  report(`all ${String(clientCount)} clients are connected; messages begin`);
  const token = await signToken('operator', { user_type: 'admin' });
  await using publisher = Publisher.start({ url: nginx.url, token, rooms: crowd.rooms, everyMs: publishEveryMs });
  const deployment = { crowd, publisher, report, signal };
  const restarts: Restart[] = [];
  for (const gateway of gateways.all) restarts.push(await restart(gateway, deployment));
  await publisher.stop();
  await waitForMessages(deployment);
  return judge(deployment, restarts);
}

function judge({ crowd, publisher }: Deployment, restarts: readonly Restart[]): RollingDeploy {
  const resumedCount = crowd.sum(({ resumptionCount }) => resumptionCount);
  const reconnectedCount = crowd.sum(({ reconnectionCount }) => reconnectionCount);
  const faults = crowd.members.flatMap((member) => member.faults(publisher.acknowledgedIn(member.room)));
  const strangers = reconnectedCount - resumedCount;
  return {
    restarts,
    acknowledgedCount: publisher.count,
    longestSendMs: publisher.longestMs,
    deliveredCount: crowd.sum(({ receivedCount }) => receivedCount),
    resumedCount,
    reconnectedCount,
    faults: [
      ...(strangers === 0 ? [] : [`${String(strangers)} clients came back without their session`]),
      ...faults.slice(0, shownFaults),
      ...(faults.length > shownFaults ? [`… and ${String(faults.length - shownFaults)} more`] : []),
    ],
  };
}

/** Settles once the gateway is back, and everybody who was connected to it. */
async function restart(gateway: ClusterGateway, { crowd, report, signal }: Deployment): Promise<Restart> {
  const { nodeId } = gateway;
  const leaving = crowd.members.filter((member) => member.nodeId === nodeId);
  const counts = leaving.map(({ reconnectionCount }) => reconnectionCount);
  const back = (): readonly Member[] =>
    leaving.filter(({ reconnectionCount }, index) => reconnectionCount !== counts[index]);
  const awayCount = (): number => leaving.length - back().length;
  report(`${nodeId} is restarted; it has ${String(leaving.length)} clients`);
  const startedAt = performance.now();
  await unlessAborted(gateway.process.stop(), signal);
  const drainMs = performance.now() - startedAt;
  report(`${nodeId} has ended after ${seconds(drainMs)}; ${String(awayCount())} are not back yet`);
  await unlessAborted(gateway.startAgain(), signal);
  report(`${nodeId} serves again; ${String(awayCount())} are not back yet`);
  await waitForNone(awayCount, (count) => `${String(count)} are not back yet`, { report, signal });
  const outagesMs = back()
    .map(({ outageMs }) => outageMs)
    .sort((a, b) => a - b);
  const medianOutageMs = outagesMs[Math.floor(outagesMs.length / 2)] ?? 0;
  const longestOutageMs = outagesMs.at(-1) ?? 0;
  report(
    `${String(outagesMs.length)} of ${String(leaving.length)} are back, ` +
      `half of them within ${seconds(medianOutageMs)}, the last after ${seconds(longestOutageMs)}`,
  );
  return { nodeId, clientCount: leaving.length, drainMs, medianOutageMs, longestOutageMs };
}

/** Settles once everybody has as many messages as were acknowledged, or nothing comes any more. */
async function waitForMessages({ crowd, publisher, report, signal }: Deployment): Promise<void> {
  const missing = (): number =>
    crowd.sum(({ room, receivedCount }) => Math.max(0, publisher.acknowledgedIn(room).length - receivedCount));
  await waitForNone(missing, (count) => `${String(count)} deliveries are missing yet`, { report, signal });
}

/** Settles where it stays at some for too long, too: what is wrong then is seen in the end. */
async function waitForNone(
  count: () => number,
  describe: (count: number) => string,
  { report, signal }: Pick<Deployment, 'report' | 'signal'>,
): Promise<void> {
  const onProgress = seldom((left: number) => report(describe(left)));
  const look = (): number => {
    signal.throwIfAborted();
    const left = count();
    if (left > 0) onProgress(left);
    return left;
  };
  await until(look, (left) => left === 0, { patienceMs, everyMs: lookEveryMs }).catch(() => {
    signal.throwIfAborted();
    report(`${describe(count())}; not waited for any longer`);
  });
}

/** Calls at most every two seconds, and not at once. */
function seldom<T>(call: (value: T) => void): (value: T) => void {
  let calledAt = performance.now();
  return (value) => {
    if (performance.now() - calledAt < reportEveryMs) return;
    calledAt = performance.now();
    call(value);
  };
}

/** For people. */
export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
