import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { until } from '../until.js';
import { askRedis, type Command } from './ask-redis.js';
import { findFreePort } from './free-port.js';
import { GuardedFolder } from './guarded-folder.js';
import { PortTakenError, RedisProcess } from './redis-process.js';
import { infoFields, type Reply } from './reply.js';

/** What its data is in, see redis.conf. */
const dataFiles = ['dump.rdb', 'appendonlydir'];

/** Lines of redis.conf by their name, `'""'` for an empty value. */
export type RedisConfig = Readonly<Record<string, string | number>>;

export interface RedisOptions {
  /** What differs from Redis' defaults, beside: loopback only, nothing persisted, no delay for replicas. */
  readonly config?: RedisConfig;
  /** Asked of everybody who connects. @default none */
  readonly password?: string;
  /** @default 'single' */
  readonly mode?: 'single' | 'cluster' | 'sentinel';
}

/**
 * A real `redis-server` on a free port, with a folder of its own, both gone after `await using`, and also where a
 * test forgot it or was killed. `port` stays the same over restarts.
 */
export class RedisServer implements AsyncDisposable {
  readonly host = '127.0.0.1';
  readonly port: number;
  readonly password: string | undefined;
  readonly #folder: GuardedFolder;
  readonly #args: readonly string[];
  #process: RedisProcess | undefined;

  private constructor(port: number, folder: GuardedFolder, { password, mode }: RedisOptions) {
    this.port = port;
    this.password = password;
    this.#folder = folder;
    this.#args = [configPath(folder), ...(mode === 'sentinel' ? ['--sentinel'] : [])];
  }

  /**
   * Starts one and answers once it serves.
   *
   * @throws {PortTakenError} where another program was faster: {@link startRedis} takes another port then
   */
  static async start(options: RedisOptions): Promise<RedisServer> {
    const port = await findFreePort();
    const folder = await GuardedFolder.create();
    const server = new RedisServer(port, folder, options);
    try {
      await writeFile(configPath(folder), await configText(port, options));
      await server.#start();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** `redis://[:password@]127.0.0.1:<port>` */
  get url(): string {
    const user = this.password === undefined ? '' : `:${encodeURIComponent(this.password)}@`;
    return `redis://${user}${this.host}:${this.port}`;
  }

  /** As ioredis takes it. */
  get clientConfig(): { readonly host: string; readonly port: number; readonly password?: string } {
    const { host, port, password } = this;
    return password === undefined ? { host, port } : { host, port, password };
  }

  /** Of the run that is, or was the last; another one after each restart. */
  get pid(): number | undefined {
    return this.#process?.pid;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning === true;
  }

  /** What its run has written, for the message of a test that fails. */
  get log(): string {
    return this.#process?.log ?? '';
  }

  /**
   * What `redis-cli` would answer.
   *
   * @throws {RedisReplyError} where Redis answers with an error
   */
  ask(...command: Command): Promise<Reply> {
    return askRedis(this, command);
  }

  /** A section of `INFO`, by its names. */
  async info(section: string): Promise<ReadonlyMap<string, string>> {
    return infoFields(await this.ask('INFO', section));
  }

  /** Changes a setting of this run. */
  async setConfig(name: string, value: string | number): Promise<void> {
    await this.ask('CONFIG', 'SET', name, value);
  }

  /** Deletes all keys. */
  async flush(): Promise<void> {
    await this.ask('FLUSHALL');
  }

  /** Stops the process where it stands: connections stay open and new ones are accepted, but nothing is answered. */
  pause(): void {
    this.#process?.signal('SIGSTOP');
  }

  resume(): void {
    this.#process?.signal('SIGCONT');
  }

  /** Ends it at once, as a crash does. Answers when it has ended. */
  async kill(): Promise<void> {
    await this.#process?.kill('SIGKILL');
  }

  /** Has it shut down in order. Answers when it has ended. */
  async stop(): Promise<void> {
    await this.#process?.kill('SIGTERM');
  }

  /**
   * Starts it again on its port, whether it runs or not. With `keepData` one that runs saves first; one that does not has
   * what its own configuration persisted. Without, it comes back empty.
   */
  async restart({ keepData }: { readonly keepData: boolean }): Promise<void> {
    if (keepData && this.isRunning) {
      this.resume();
      await this.ask('SAVE');
    }
    await this.kill();
    if (!keepData) await this.#removeData();
    await until(
      () => this.#startIfPortIsFree(),
      (isStarted) => isStarted,
      { everyMs: 50 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#folder.remove();
  }

  async #start(): Promise<void> {
    this.#process = await RedisProcess.start(this.#args, this.#folder);
    await this.ask('PING');
  }

  async #startIfPortIsFree(): Promise<boolean> {
    try {
      await this.#start();
      return true;
    } catch (error) {
      if (error instanceof PortTakenError) return false;
      throw error;
    }
  }

  async #removeData(): Promise<void> {
    for (const name of dataFiles) await rm(join(this.#folder.path, name), { recursive: true, force: true });
  }
}

const configPath = ({ path }: GuardedFolder): string => join(path, 'redis.conf');

async function configText(port: number, { config, password, mode }: RedisOptions): Promise<string> {
  const lines: RedisConfig = {
    port,
    bind: '127.0.0.1',
    save: '""',
    // A diskless sync waits for more replicas, and for a second before it passes on what came after it.
    'repl-diskless-sync': 'no',
    ...(password !== undefined && { requirepass: password }),
    ...(mode === 'cluster' && { 'cluster-enabled': 'yes', 'cluster-port': await findFreePort() }),
    ...config,
  };
  return Object.entries(lines)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

const mostAttempts = 5;

/** A Redis for one test or suite: see {@link RedisServer}. */
export async function startRedis(options: RedisOptions = {}): Promise<RedisServer> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await RedisServer.start(options);
    } catch (error) {
      if (!(error instanceof PortTakenError) || attempt === mostAttempts) throw error;
    }
  }
}
