import { fileURLToPath } from 'node:url';
import type { LoadGenerator } from '../load/load-generator.js';
import type { ServerReport } from '../peers/serve.js';
import type { ServerOptions } from '../peers/server-options.js';
import { isRedisBesideLoad, type Cores } from './cores.js';
import type { Peer } from './peers.js';
import { ProcessCalls } from './process-calls.js';
import { RedisServer } from './redis-server.js';

/** A server that is ready. */
export interface Server {
  readonly port: number;
  readonly process: ProcessCalls<ServerReport>;
}

/** Which server is wanted. */
export interface ServerKind {
  readonly peer: Peer;
  readonly options: ServerOptions;
  /** Tells the nodes of a system apart. */
  readonly node: number;
}

/** How processes are started. */
export interface ProcessesSetup {
  readonly cores: Cores;
  /**
   * Has one server of a kind, and one load generator, do all runs one after the other. That saves most of the time where
   * figures don't count; where they do, each run has new ones, without the garbage and the compiled code of another.
   */
  readonly keep: boolean;
}

const loadScript = fileURLToPath(new URL('../load/main.js', import.meta.url));

/** The processes of a benchmark. Whoever made this disposes of it, and they end. */
export class Processes implements AsyncDisposable {
  readonly #setup: ProcessesSetup;
  /** All that were started, so that none outlives this, not even one whose partner did not start. */
  readonly #started = new Set<{ stop(): Promise<void> }>();
  readonly #servers = new Map<string, Promise<Server>>();
  #load: Promise<ProcessCalls<LoadGenerator>> | undefined;
  #redis: Promise<RedisServer> | undefined;

  constructor(setup: ProcessesSetup) {
    this.#setup = setup;
  }

  get cores(): Cores {
    return this.#setup.cores;
  }

  /** Whether Redis takes of the CPU that the load generator has. */
  get isRedisBesideLoad(): boolean {
    return isRedisBesideLoad(this.#setup.cores);
  }

  /** A server of this kind, to be given back. @throws {Error} where the peer can't be measured here or doesn't start. */
  takeServer(kind: ServerKind): Promise<Server> {
    if (!this.#setup.keep) return this.#startServer(kind);
    const key = JSON.stringify([kind.peer.name, kind.options, kind.node]);
    let server = this.#servers.get(key);
    if (server === undefined) this.#servers.set(key, (server = this.#startServer(kind)));
    return server;
  }

  async giveBackServer(server: Server): Promise<void> {
    if (!this.#setup.keep) await server.process.stop();
  }

  /** A load generator without clients, to be given back. */
  takeLoad(): Promise<ProcessCalls<LoadGenerator>> {
    return this.#setup.keep ? (this.#load ??= this.#startLoad()) : this.#startLoad();
  }

  async giveBackLoad(load: ProcessCalls<LoadGenerator>): Promise<void> {
    if (this.#setup.keep) await load.call('disconnect');
    else await load.stop();
  }

  /** A Redis, to be given back. @throws {Error} where it doesn't start. */
  takeRedis(): Promise<RedisServer> {
    return this.#setup.keep ? (this.#redis ??= this.#startRedis()) : this.#startRedis();
  }

  async giveBackRedis(redis: RedisServer): Promise<void> {
    if (!this.#setup.keep) await redis.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#started].map((process) => process.stop()));
  }

  async #startServer({ peer, options }: ServerKind): Promise<Server> {
    const { command } = peer.availability();
    if (command === undefined) throw new Error(`${peer.label} is not installed.`);
    const process = new ProcessCalls<ServerReport>({
      command: [...command, JSON.stringify({ ...options, ...peer.options })],
      core: this.#setup.cores.server,
    });
    this.#started.add(process);
    return { port: Number(await process.ready()), process };
  }

  async #startRedis(): Promise<RedisServer> {
    const redis = await RedisServer.start({ core: this.#setup.cores.redis });
    this.#started.add(redis);
    return redis;
  }

  async #startLoad(): Promise<ProcessCalls<LoadGenerator>> {
    const command = [process.execPath, loadScript];
    const load = new ProcessCalls<LoadGenerator>({ command, core: this.#setup.cores.load });
    this.#started.add(load);
    await load.ready();
    return load;
  }
}
