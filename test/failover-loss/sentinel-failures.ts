import { setTimeout as pause } from 'node:timers/promises';
import { FaultProxy } from '../support/redis/fault-proxy.js';
import { startSentinel, type RedisSentinel, type SentinelOptions } from '../support/redis/redis-sentinel.js';
import { list, text } from '../support/redis/reply.js';
import { until } from '../support/until.js';
import type { Installation } from './installation.js';

/** How long a primary is cut off, in {@link partition}. */
export const splitMs = 8_000;
/** From the primary to its replicas where these are far, and the same back. */
export const farMs = 25;
/** For how long the primary takes no writes while it is replaced as planned. */
const pausedMs = 10_000;

/** One of them takes over; then the other follows that one, so that there is one to write to still. */
export const replicaCount = 2;
const needsReplica = { 'min-replicas-to-write': 1, 'min-replicas-max-lag': 2 };

/** Sentinels are told to change the primary, and do it while both live. */
export async function planned(): Promise<Installation> {
  const sentinel = await startSentinel({ replicaCount });
  return behind(sentinel, async () => {
    await sentinel.failover();
  });
}

/** As {@link planned}, and the primary takes no writes from before that on: they wait, and then fail. */
export async function plannedPaused(): Promise<Installation> {
  const sentinel = await startSentinel({ replicaCount });
  return behind(sentinel, async () => {
    const master = await sentinel.untilMaster();
    await master.ask('CLIENT', 'PAUSE', pausedMs, 'WRITE');
    await sentinel.failover();
    await master.ask('CLIENT', 'UNPAUSE');
  });
}

/** @param isReplicaNeeded whether a primary without a replica that has answered within 2 s takes no writes */
export async function killed(isReplicaNeeded: boolean): Promise<Installation> {
  const sentinel = await startSentinel({ replicaCount, ...(isReplicaNeeded && { config: needsReplica }) });
  return behind(sentinel, () => killMaster(sentinel));
}

/** As between two regions of a continent. */
export async function killedFar(): Promise<Installation> {
  const { sentinel, masterNetwork } = await startApart({});
  masterNetwork.delay(farMs);
  return { ...behind(sentinel, () => killMaster(sentinel)), redisOf: () => besideMaster(sentinel, sentinel.sentinels) };
}

/**
 * The primary goes on, and so does the first gateway, which does not hear of what the Sentinels decide; all others are on the other side,
 * the second gateway among them. When they see each other again, the primary becomes a replica and throws away what it has alone.
 */
export async function partition(isReplicaNeeded: boolean): Promise<Installation> {
  const { sentinel, masterNetwork } = await startApart(isReplicaNeeded ? { config: needsReplica } : {});
  const [cutOff] = sentinel.servers;
  const toSentinels = await Promise.all(sentinel.sentinels.map((each) => FaultProxy.start(each)));
  const networks = [masterNetwork, ...toSentinels];
  const { redisOf, ...installation } = behind(sentinel, async () => {
    for (const network of networks) network.blackHole();
    await Promise.all([pause(splitMs), sentinel.untilMaster((master) => master !== cutOff)]);
    for (const network of networks) await network.heal();
    await until(
      async () => text(list(await cutOff?.ask('ROLE').catch(() => []))[0] ?? ''),
      (role) => role === 'slave',
      { patienceMs: 60_000, everyMs: 50 },
    );
  });
  return {
    ...installation,
    redisOf: (gateway) => (gateway === 0 ? besideMaster(sentinel, toSentinels) : redisOf(gateway)),
    [Symbol.asyncDispose]: async () => {
      await installation[Symbol.asyncDispose]();
      for (const network of toSentinels) await network[Symbol.asyncDispose]();
    },
  };
}

function behind(sentinel: RedisSentinel, fail: () => Promise<void>): Installation {
  return {
    redisOf: () => sentinel.clientConfig,
    fail,
    [Symbol.asyncDispose]: () => sentinel[Symbol.asyncDispose](),
  };
}

async function killMaster(sentinel: RedisSentinel): Promise<void> {
  const dead = await sentinel.killMaster();
  await sentinel.untilMaster((master) => master !== dead);
}

async function startApart(
  options: SentinelOptions,
): Promise<{ readonly sentinel: RedisSentinel; readonly masterNetwork: FaultProxy }> {
  const sentinel = await startSentinel({ replicaCount, isMasterApart: true, ...options });
  const { masterNetwork } = sentinel;
  if (masterNetwork === undefined) throw new Error('The master has no network of its own.');
  return { sentinel, masterNetwork };
}

/** For a gateway on the primary's side of its network. The library has no setting for that; a client of the application does. */
function besideMaster(
  { clientConfig, masterNetwork, servers: [master] }: RedisSentinel,
  sentinels: readonly { readonly host: string; readonly port: number }[],
): object {
  const known = `${masterNetwork?.host ?? ''}:${String(masterNetwork?.port)}`;
  return {
    client: {
      name: clientConfig.name,
      sentinels: sentinels.map(({ host, port }) => ({ host, port })),
      natMap: { [known]: { host: master?.host, port: master?.port } },
      // Else it would learn of others, to which it has another network.
      updateSentinels: false,
      failoverDetector: true,
      sentinelCommandTimeout: 1_000,
    },
  };
}
