import { fileURLToPath } from 'node:url';
import type { LoadGenerator } from '../load/load-generator.js';
import type { ServerReport } from '../peers/serve.js';
import type { ServerOptions } from '../peers/server-options.js';
import type { Cores } from './cores.js';
import type { Peer } from './peers.js';
import { ProcessCalls } from './process-calls.js';

/** A server that is ready. */
export interface Server {
  readonly port: number;
  readonly process: ProcessCalls<ServerReport>;
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

  constructor(setup: ProcessesSetup) {
    this.#setup = setup;
  }

  /** A server of this kind, to be given back. @throws {Error} where the peer can't be measured here or doesn't start. */
  takeServer(peer: Peer, options: ServerOptions): Promise<Server> {
    if (!this.#setup.keep) return this.#startServer(peer, options);
    const kind = JSON.stringify([peer.name, options]);
    let server = this.#servers.get(kind);
    if (server === undefined) this.#servers.set(kind, (server = this.#startServer(peer, options)));
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

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#started].map((process) => process.stop()));
  }

  async #startServer(peer: Peer, options: ServerOptions): Promise<Server> {
    const { command } = peer.availability();
    if (command === undefined) throw new Error(`${peer.label} is not installed.`);
    const process = new ProcessCalls<ServerReport>({
      command: [...command, JSON.stringify(options)],
      core: this.#setup.cores.server,
    });
    this.#started.add(process);
    return { port: Number(await process.ready()), process };
  }

  async #startLoad(): Promise<ProcessCalls<LoadGenerator>> {
    const command = [process.execPath, loadScript];
    const load = new ProcessCalls<LoadGenerator>({ command, core: this.#setup.cores.load });
    this.#started.add(load);
    await load.ready();
    return load;
  }
}
