import type { LoadGenerator } from '../load/load-generator.js';
import type { ServerReport, Usage } from '../peers/serve.js';
import type { ServerOptions } from '../peers/server-options.js';
import type { Peer } from './peers.js';
import type { ProcessCalls } from './process-calls.js';
import type { Processes, Server } from './processes.js';
import type { RedisServer } from './redis-server.js';

/** Servers and the clients that load them, each in a process of its own. */
export interface BenchRun extends AsyncDisposable {
  readonly peer: Peer;
  /** One, or those that are one through {@link BenchRun.redis}. */
  readonly nodes: readonly Server[];
  /** Of the first node, which is the only one in most scenarios. */
  readonly port: number;
  readonly server: ProcessCalls<ServerReport>;
  readonly load: ProcessCalls<LoadGenerator>;
  readonly redis: RedisServer | undefined;
  /** Whether Redis takes of the CPU that the load generator has. */
  readonly isRedisBesideLoad: boolean;
  readonly profile: string | undefined;
}

/** What was used between two looks. */
export interface Spent {
  /** By all nodes together. */
  readonly userUs: number;
  readonly systemUs: number;
  /** How much was used of the load generator's core, 0 to 1: by it, and by Redis where that runs there too. */
  readonly loadBusy: number;
  readonly redisUs?: number;
}

/** What is started. */
export interface RunSetup {
  readonly peer: Peer;
  readonly options: ServerOptions;
  /** So many that are one through a Redis; undefined: one alone. */
  readonly nodes: number | undefined;
  readonly processes: Processes;
  /** A file for the CPU profile of what is measured (of several nodes, the first), where Node runs the server. */
  readonly profile: string | undefined;
}

/** Starts all of them. @throws {Error} where something is not installed or doesn't start. */
export async function startRun(setup: RunSetup): Promise<BenchRun> {
  const { peer, processes, profile } = setup;
  const redis = setup.nodes === undefined ? undefined : await processes.takeRedis();
  const options = redis === undefined ? setup.options : { ...setup.options, redisUrl: redis.url };
  const takeNode = (node: number): Promise<Server> => processes.takeServer({ peer, options, node });
  const [load, first, ...others] = await Promise.all([
    processes.takeLoad(),
    takeNode(0),
    ...Array.from({ length: (setup.nodes ?? 1) - 1 }, (_, index) => takeNode(index + 1)),
  ]);
  const nodes = [first, ...others];
  return {
    peer,
    nodes,
    port: first.port,
    server: first.process,
    load,
    redis,
    isRedisBesideLoad: processes.isRedisBesideLoad,
    profile: peer.name === 'bun' ? undefined : profile,
    [Symbol.asyncDispose]: async () => {
      await processes.giveBackLoad(load);
      await Promise.all(nodes.map((node) => processes.giveBackServer(node)));
      if (redis !== undefined) await processes.giveBackRedis(redis);
    },
  };
}

/** Runs `work` and says what it has cost. */
export async function spend<T>(run: BenchRun, work: () => Promise<T>): Promise<{ result: T; spent: Spent }> {
  if (run.profile !== undefined) await run.server.call('startProfile');
  const before = await look(run);
  const result = await work();
  const after = await look(run);
  if (run.profile !== undefined) await run.server.call('stopProfile', run.profile);
  return { result, spent: spentBetween(before, after, run.isRedisBesideLoad) };
}

/** Microseconds of CPU since the start of each process, and when it was, in milliseconds. */
export interface Look {
  readonly nodes: readonly Pick<Usage, 'userUs' | 'systemUs'>[];
  readonly loadUs: number;
  /** Undefined: there is no Redis. */
  readonly redisUs: number | undefined;
  readonly at: number;
}

async function look(run: BenchRun): Promise<Look> {
  const [nodes, loadUs, redisUs] = await Promise.all([
    Promise.all(run.nodes.map(({ process }) => process.call('usage'))),
    run.load.call('cpuUs'),
    run.redis?.cpuUs(),
  ]);
  return { nodes, loadUs, redisUs, at: performance.now() };
}

/** What was used from one look to the other. */
export function spentBetween(before: Look, after: Look, isRedisBesideLoad: boolean): Spent {
  const redisUs = (after.redisUs ?? NaN) - (before.redisUs ?? NaN);
  const hasRedis = Number.isFinite(redisUs);
  const loadUs = after.loadUs - before.loadUs + (hasRedis && isRedisBesideLoad ? redisUs : 0);
  return {
    userUs: sum(after, 'userUs') - sum(before, 'userUs'),
    systemUs: sum(after, 'systemUs') - sum(before, 'systemUs'),
    loadBusy: loadUs / 1000 / (after.at - before.at),
    ...(hasRedis && { redisUs }),
  };
}

function sum({ nodes }: Look, name: 'userUs' | 'systemUs'): number {
  return nodes.reduce((total, usage) => total + usage[name], 0);
}
