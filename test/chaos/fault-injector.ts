import { setTimeout as pause } from 'node:timers/promises';
import type { Crowd } from './crowd.js';
import type { Deployment, ReachableGateway } from './deployment.js';
import type { HistoryLog } from './history.js';
import type { FaultName, PlannedFault } from './schedule.js';

/** What faults are done to. */
export interface FaultTargets {
  readonly deployment: Deployment;
  readonly crowd: Crowd;
  readonly log: HistoryLog;
  /** Whether Redis has on disk what it has answered. */
  readonly isDurable: boolean;
}

type Fault = (gateway: ReachableGateway, targets: FaultTargets, lengthMs: number) => Promise<unknown>;

/** Does something, and undoes it after that time. */
async function during(lengthMs: number, begin: () => unknown, end: () => unknown): Promise<void> {
  await begin();
  await pause(lengthMs);
  await end();
}

const slowNetworkMs = 150;
/** A gateway has two seconds to drain; the rest is for a machine that is busy. */
const longestRestartMs = 150_000;

/** Each ends by itself. */
const injections: Readonly<Record<FaultName, Fault>> = {
  'gateway killed': async ({ gateway }, _targets, lengthMs) => {
    await gateway.process.stop('SIGKILL');
    await pause(lengthMs);
    await gateway.startAgain();
  },
  'gateway stopped': ({ gateway: { process } }, _targets, lengthMs) =>
    during(
      lengthMs,
      () => process.pause(),
      () => process.resume(),
    ),
  'gateway restarted': async ({ gateway }) => {
    const tooLong = pause(longestRestartMs, 'too long', { ref: false });
    const ended = await Promise.race([gateway.restart(), tooLong]);
    if (ended !== 0)
      throw new Error(`A gateway that was restarted ended with ${String(ended)}:\n${gateway.process.log}`);
  },
  'redis stopped': (_gateway, { deployment: { redis } }, lengthMs) =>
    during(
      lengthMs,
      () => redis.pause(),
      () => redis.resume(),
    ),
  'redis killed, back with its data': (_gateway, { deployment: { redis }, log, isDurable }, lengthMs) =>
    during(
      lengthMs,
      async () => {
        await redis.kill();
        // The last second is gone.
        if (!isDurable) log.add({ kind: 'data-lost' });
      },
      () => redis.restart({ keepData: true }),
    ),
  'redis killed, back without its data': (_gateway, { deployment: { redis }, log }, lengthMs) =>
    during(
      lengthMs,
      async () => {
        await redis.kill();
        log.add({ kind: 'data-lost' });
      },
      () => redis.restart({ keepData: false }),
    ),
  'redis flushed': async (_gateway, { deployment: { redis }, log }) => {
    await redis.flush();
    log.add({ kind: 'data-lost' });
  },
  'redis connections killed': async (_gateway, { deployment: { redis } }) => {
    for (const type of ['pubsub', 'normal']) await redis.ask('CLIENT', 'KILL', 'TYPE', type);
  },
  'redis scripts flushed': (_gateway, { deployment: { redis } }) => redis.ask('SCRIPT', 'FLUSH'),
  'redis out of memory': (_gateway, { deployment: { redis } }, lengthMs) =>
    during(
      lengthMs,
      () => redis.setConfig('maxmemory', '1mb'),
      () => redis.setConfig('maxmemory', 0),
    ),
  'network slow': ({ network }, _targets, lengthMs) =>
    during(
      lengthMs,
      () => network.delay(slowNetworkMs),
      () => network.heal(),
    ),
  'network dead to redis': ({ network }, _targets, lengthMs) =>
    during(
      lengthMs,
      () => network.blackHole('toServer'),
      () => network.heal(),
    ),
  'network dead to the gateway': ({ network }, _targets, lengthMs) =>
    during(
      lengthMs,
      () => network.blackHole('toClient'),
      () => network.heal(),
    ),
  'network dead': ({ network }, _targets, lengthMs) =>
    during(
      lengthMs,
      () => network.blackHole(),
      () => network.heal(),
    ),
  'network reset': async ({ network }) => network.reset(),
  'network cut': ({ network }, _targets, lengthMs) =>
    during(
      lengthMs,
      () => {
        network.cut();
        network.reset();
      },
      () => network.heal(),
    ),
  'clients slow': async (_gateway, { crowd }, lengthMs) => crowd.beSlow(lengthMs),
  'clients all gone at once': async (_gateway, { crowd }) => crowd.cut(),
};

/** Who watches {@link injectFaults}. */
export interface Watch {
  readonly report: (line: string) => void;
  /** No fault begins after it; those that have begun are healed first. */
  readonly signal: AbortSignal;
}

/**
 * Does what was planned, when it was planned; what is done to one thing waits until the one before has ended. Settles when all have.
 * @throws {AggregateError} at the first that fails, once the others are healed
 */
export async function injectFaults(
  planned: readonly PlannedFault[],
  targets: FaultTargets,
  { report, signal }: Watch,
): Promise<void> {
  const { deployment, log } = targets;
  const resources = new Map<string, Promise<void>>();
  const failures: unknown[] = [];
  const startedAt = performance.now();
  for (const { name, atMs, lengthMs, gateway: number, resource } of planned) {
    await pause(Math.max(0, startedAt + atMs - performance.now()), undefined, { signal }).catch(() => undefined);
    if (signal.aborted || failures.length > 0) break;
    const gateway = deployment.gateways[number];
    if (gateway === undefined) throw new Error(`There is no gateway ${String(number)}.`);
    const inject = async (): Promise<void> => {
      if (signal.aborted) return;
      log.add({ kind: 'fault', name });
      report(`${name} (${resource})`);
      await injections[name](gateway, targets, lengthMs);
      log.add({ kind: 'healed', name });
    };
    const done = (resources.get(resource) ?? Promise.resolve()).then(inject);
    resources.set(
      resource,
      done.catch((error: unknown) => void failures.push(error)),
    );
  }
  // All are healed before one's failure is told: what starts a gateway again must not do so when everything has been stopped.
  await Promise.all(resources.values());
  if (failures.length > 0) throw new AggregateError(failures, 'A fault could not be injected, or not be healed.');
}
