import { until } from '../until.js';
import { NoAnswerError } from './ask-redis.js';
import { FaultProxy } from './fault-proxy.js';
import { Fleet } from './fleet.js';
import type { RedisConfig, RedisServer } from './redis-server.js';
import { fields, list, RedisReplyError, text } from './reply.js';

const name = 'main';
const sentinelCount = 3;
const quorum = 2;
// Sentinels that don’t agree at once who leads try again after ten seconds, and on a busy machine more than once.
const patience = { patienceMs: 60_000, everyMs: 25 };

/**
 * Sentinel looks and speaks every 1 to 10 s, too seldom for a test, and stands aside for 30 s where its machine was busy for
 * 2 s; these are its own knobs for that.
 */
const timings = { 'INFO-PERIOD': 200, 'PING-PERIOD': 100, 'ASK-PERIOD': 100, 'TILT-PERIOD': 1_000 };

/** Has Sentinels meet each other soon. */
const publishPeriodAtStart = { 'PUBLISH-PERIOD': 100 };

/**
 * Four of these are how long a Sentinel lets a server say that it is master against what the Sentinel knows, before it makes
 * it a replica (again). The leader of a failover takes up to 1 s to tell the others of the one that it promoted.
 */
const publishPeriod = { 'PUBLISH-PERIOD': 600 };

export interface SentinelOptions {
  /** @default 1 */
  readonly replicaCount?: number;
  /** After how long without an answer a Sentinel takes the master for dead. @default 500 */
  readonly downAfterMs?: number;
  /** Further lines of redis.conf for master and replicas. */
  readonly config?: RedisConfig;
  /** Puts a network before the first master: replicas, Sentinels and whoever asks those reach it only through that. @default false */
  readonly isMasterApart?: boolean;
}

/** Three Sentinels over a master and its replicas, all real. `await using` ends them. */
export class RedisSentinel implements AsyncDisposable {
  readonly name = name;
  readonly sentinels: readonly RedisServer[];
  /** Master and replicas, whatever each is at the moment. */
  readonly servers: readonly RedisServer[];
  /** Before the first master, where it is apart. */
  readonly masterNetwork: FaultProxy | undefined;
  readonly #fleet: Fleet;

  private constructor(fleet: Fleet, sentinels: readonly RedisServer[], replicated: Replicated) {
    this.#fleet = fleet;
    this.sentinels = sentinels;
    this.servers = replicated.servers;
    this.masterNetwork = replicated.network;
  }

  /** Starts all and answers once they all see each other. */
  static start({ downAfterMs = 500, ...options }: SentinelOptions): Promise<RedisSentinel> {
    return Fleet.build(async (fleet) => {
      const replicated = await startReplicated(fleet, options);
      const sentinels = await startSentinels(fleet, replicated.masterAddress, downAfterMs);
      const sentinel = new RedisSentinel(fleet, sentinels, replicated);
      await sentinel.#untilAllSeen();
      await setTimings(sentinels, publishPeriod);
      return sentinel;
    });
  }

  /** As ioredis takes it. */
  get clientConfig(): {
    readonly sentinels: readonly { readonly host: string; readonly port: number }[];
    readonly name: string;
  } {
    return { sentinels: this.sentinels.map(({ host, port }) => ({ host, port })), name };
  }

  /** The master as the Sentinels have it; undefined while they don't agree. */
  async master(): Promise<RedisServer | undefined> {
    const running = this.sentinels.filter(({ isRunning }) => isRunning);
    const ports = await Promise.all(running.map(masterPort));
    const [port] = ports;
    if (!ports.every((other) => other === port)) return undefined;
    if (port === this.masterNetwork?.port) return this.servers[0];
    return this.servers.find((server) => server.port === port);
  }

  /** Has the Sentinels promote a replica while the master lives. Answers the new master, once the old one follows it. */
  async failover(): Promise<RedisServer> {
    const former = await this.untilMaster();
    const ask = (): Promise<boolean> => isFailoverStarted(this.sentinels.find(({ isRunning }) => isRunning));
    await until(ask, (isStarted) => isStarted, patience);
    const master = await this.untilMaster((server) => server !== former);
    await untilInSync(former);
    return master;
  }

  /** Kills the master and answers it, at once: {@link untilMaster} waits for what the Sentinels make of it. */
  async killMaster(): Promise<RedisServer> {
    const master = await this.untilMaster();
    await master.kill();
    return master;
  }

  /** Waits until the Sentinels agree on a master, such a one, which knows it. */
  async untilMaster(isExpected: (master: RedisServer) => boolean = () => true): Promise<RedisServer> {
    const look = async (): Promise<RedisServer | undefined> => {
      const master = await this.master();
      if (master?.isRunning !== true || !isExpected(master)) return undefined;
      return (await unlessClosed(roleOf(master))) === 'master' ? master : undefined;
    };
    const master = await until(look, (seen) => seen !== undefined, patience);
    if (master === undefined) throw new Error('There is no master.');
    return master;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#fleet[Symbol.asyncDispose]();
  }

  async #untilAllSeen(): Promise<void> {
    const replicaCount = this.servers.length - 1;
    const views = (): Promise<readonly string[]> => Promise.all(this.sentinels.map(describeView));
    const expected = `master, ${replicaCount} in sync, ${this.sentinels.length - 1} other sentinels`;
    await until(views, (seen) => seen.every((view) => view === expected), patience);
  }
}

/** Such a set of Sentinels for one test or suite: see {@link RedisSentinel}. It takes about 2 s. */
export const startSentinel = (options: SentinelOptions = {}): Promise<RedisSentinel> => RedisSentinel.start(options);

/** Where a server is reached. */
interface Address {
  readonly host: string;
  readonly port: number;
}

interface Replicated {
  /** The master, then its replicas. */
  readonly servers: readonly RedisServer[];
  readonly network: FaultProxy | undefined;
  /** As the others know the master. */
  readonly masterAddress: Address;
}

async function startReplicated(
  fleet: Fleet,
  { replicaCount = 1, config = {}, isMasterApart = false }: SentinelOptions,
): Promise<Replicated> {
  const [master] = await fleet.start(1, { config });
  if (master === undefined) throw new Error('There is no master.');
  const network = isMasterApart ? fleet.owns(await FaultProxy.start(master)) : undefined;
  const masterAddress = network ?? master;
  // As a replica of another one it says this of itself.
  if (network !== undefined) await master.setConfig('replica-announce-port', network.port);
  const { host, port } = masterAddress;
  const replicas = await fleet.start(replicaCount, {
    config: { replicaof: `${host} ${port}`, 'repl-ping-replica-period': 1, ...config },
  });
  // Sentinels ask the master for its replicas as they meet it, and then seldom: these had better be there.
  await Promise.all(replicas.map(untilInSync));
  return { servers: [master, ...replicas], network, masterAddress };
}

async function startSentinels(fleet: Fleet, master: Address, downAfterMs: number): Promise<readonly RedisServer[]> {
  const config = {
    [`sentinel monitor ${name}`]: `${master.host} ${master.port} ${quorum}`,
    [`sentinel down-after-milliseconds ${name}`]: downAfterMs,
    [`sentinel failover-timeout ${name}`]: 3_000,
  };
  const sentinels = await fleet.start(sentinelCount, { mode: 'sentinel', config });
  await setTimings(sentinels, { ...timings, ...publishPeriodAtStart });
  return sentinels;
}

async function setTimings(sentinels: readonly RedisServer[], periods: Readonly<Record<string, number>>): Promise<void> {
  const args = Object.entries(periods).flat();
  await Promise.all(sentinels.map((sentinel) => sentinel.ask('SENTINEL', 'DEBUG', ...args)));
}

async function masterPort(sentinel: RedisServer): Promise<number> {
  const [, port] = list(await sentinel.ask('SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name));
  return Number(port);
}

async function roleOf(server: RedisServer): Promise<string> {
  const [role] = list(await server.ask('ROLE'));
  return text(role);
}

async function describeView(sentinel: RedisServer): Promise<string> {
  const master = fields(await sentinel.ask('SENTINEL', 'MASTER', name));
  const replicas = list(await sentinel.ask('SENTINEL', 'REPLICAS', name)).map(fields);
  const inSync = replicas.filter(
    (replica) => replica.get('flags') === 'slave' && replica.get('master-link-status') === 'ok',
  );
  const others = master.get('num-other-sentinels') ?? '';
  return `${master.get('flags') ?? ''}, ${inSync.length} in sync, ${others} other sentinels`;
}

/** A Sentinel refuses while it has not heard of a replica that could be promoted, or is at it already. */
async function isFailoverStarted(sentinel: RedisServer | undefined): Promise<boolean> {
  try {
    await sentinel?.ask('SENTINEL', 'FAILOVER', name);
    return true;
  } catch (error) {
    if (error instanceof RedisReplyError && /^(NOGOODSLAVE|INPROG)/.test(error.message)) return false;
    throw error;
  }
}

async function untilInSync(replica: RedisServer): Promise<void> {
  const look = async (): Promise<string | undefined> =>
    (await unlessClosed(replica.info('replication')))?.get('master_link_status');
  await until(look, (status) => status === 'up', patience);
}

/** A Sentinel that tells a server whom to follow has it close all its connections: undefined for who asked just then. */
async function unlessClosed<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof NoAnswerError) return undefined;
    throw error;
  }
}
