import type { LoadGenerator } from '../load/load-generator.js';
import type { ServerReport, Usage } from '../peers/serve.js';
import type { ServerOptions } from '../peers/server-options.js';
import type { Peer } from './peers.js';
import type { ProcessCalls } from './process-calls.js';
import type { Processes } from './processes.js';

/** A server and the clients that load it, each in a process of its own. */
export interface BenchRun extends AsyncDisposable {
  readonly peer: Peer;
  readonly port: number;
  readonly server: ProcessCalls<ServerReport>;
  readonly load: ProcessCalls<LoadGenerator>;
  readonly profile: string | undefined;
}

/** What was used between two looks. */
export interface Spent {
  readonly userUs: number;
  readonly systemUs: number;
  /** How much of its core the load generator used, 0 to 1. */
  readonly loadBusy: number;
}

/** What is started. */
export interface RunSetup {
  readonly peer: Peer;
  readonly options: ServerOptions;
  readonly processes: Processes;
  /** A file for the CPU profile of what is measured, where Node runs the server. */
  readonly profile: string | undefined;
}

/** Starts both. @throws {Error} where the peer is not installed or one of them doesn't start. */
export async function startRun({ peer, options, processes, profile }: RunSetup): Promise<BenchRun> {
  const [server, load] = await Promise.all([processes.takeServer(peer, options), processes.takeLoad()]);
  return {
    peer,
    port: server.port,
    server: server.process,
    load,
    profile: peer.name === 'bun' ? undefined : profile,
    [Symbol.asyncDispose]: async () => {
      await processes.giveBackLoad(load);
      await processes.giveBackServer(server);
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
  return {
    result,
    spent: {
      userUs: after.server.userUs - before.server.userUs,
      systemUs: after.server.systemUs - before.server.systemUs,
      loadBusy: (after.loadUs - before.loadUs) / 1000 / (after.at - before.at),
    },
  };
}

async function look(run: BenchRun): Promise<{ server: Usage; loadUs: number; at: number }> {
  const [server, loadUs] = await Promise.all([run.server.call('usage'), run.load.call('cpuUs')]);
  return { server, loadUs, at: performance.now() };
}
