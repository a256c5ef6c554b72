import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from './redis/free-port.js';
import { PortTakenError } from './redis/redis-process.js';
import { until } from './until.js';

const deployedConfig = join(__dirname, '../../deploy/nginx.conf');
const mostAttempts = 5;

/** Where something listens on this machine. */
export interface LocalAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Debian's nginx with the configuration of `deploy/`, in which only addresses and the folder for its files are others.
 * Ended by `await using`.
 */
export class Nginx implements AsyncDisposable {
  readonly port: number;
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, process: ChildProcess, folder: string) {
    this.port = port;
    this.#process = process;
    this.#folder = folder;
  }

  /**
   * In front of these gateways, in the order of the configuration. Answers once it serves.
   *
   * @param clientCount for how many WebSockets at most
   */
  static async start(gateways: readonly LocalAddress[], clientCount = 100): Promise<Nginx> {
    // One worker may get them all, with two connections each; the rest is for requests.
    const workerConnections = clientCount * 2 + 200;
    for (let attempt = 1; ; attempt++) {
      try {
        return await Nginx.#startOn(await findFreePort(), { gateways, workerConnections });
      } catch (error) {
        if (!(error instanceof PortTakenError) || attempt === mostAttempts) throw error;
      }
    }
  }

  static async #startOn(port: number, places: Omit<LocalPlaces, 'port' | 'folder'>): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'nest-wsc-nginx-'));
    // Its workers are another user where root starts it.
    await chmod(folder, 0o755);
    const config = join(folder, 'nginx.conf');
    const text = await readFile(deployedConfig, 'utf8');
    await writeFile(config, localConfig(text, { ...places, port, folder }));
    // Files, since /dev/stdout cannot be opened where it is a socket, as pipes between Node processes are.
    await using output = await open(join(folder, 'access.log'), 'a');
    await using errors = await open(join(folder, 'error.log'), 'a');
    const program = process.env['NGINX_PATH'] ?? 'nginx';
    const nginx = new Nginx(
      port,
      spawn(program, ['-c', config, '-p', folder, '-e', 'stderr', '-g', 'daemon off;'], {
        stdio: ['ignore', output.fd, errors.fd],
      }),
      folder,
    );
    await nginx.#becomeReady(program);
    return nginx;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  get webSocketUrl(): string {
    return `ws://127.0.0.1:${this.port}/ws`;
  }

  /** A line for each request that has ended. */
  accessLog(): Promise<string> {
    return readFile(join(this.#folder, 'access.log'), 'utf8');
  }

  /** What went wrong. */
  errorLog(): Promise<string> {
    return readFile(join(this.#folder, 'error.log'), 'utf8');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRunning) {
      const exited = once(this.#process, 'exit');
      this.#process.kill('SIGTERM');
      await exited;
    }
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #isRunning(): boolean {
    return this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null;
  }

  async #becomeReady(program: string): Promise<void> {
    // Without a program there is no exit, only an error.
    this.#process.once('error', () => undefined);
    try {
      await until(
        async () => !this.#isRunning || (await accepts(this.port)),
        (isDecided) => isDecided,
        { patienceMs: 20_000, everyMs: 50 },
      );
      // Another program may be the one that accepts, until nginx gives up after five attempts.
      if (this.#isRunning && (await this.errorLog()) === '') return;
      throw await this.#startError(program);
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #startError(program: string): Promise<Error> {
    const log = await this.errorLog();
    if (log.includes('Address already in use')) return new PortTakenError(log);
    return new Error(`${program} does not run: install nginx or set NGINX_PATH.\n${log}`);
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

interface LocalPlaces {
  readonly port: number;
  readonly gateways: readonly LocalAddress[];
  readonly folder: string;
  readonly workerConnections: number;
}

/** The deployed configuration, which must say each thing that is replaced. */
function localConfig(text: string, { port, gateways, folder, workerConnections }: LocalPlaces): string {
  const names = [...text.matchAll(/server (gateway-\d+:8080) /g)].map(([, name = '']) => name);
  if (names.length !== gateways.length) throw new Error(`deploy/nginx.conf names ${names.length} gateways.`);
  const replacements = [
    ['listen 8080;', `listen 127.0.0.1:${port};`],
    [' /tmp/', ` ${folder}/`],
    // More files than a machine of tests may allow.
    ['worker_rlimit_nofile 65536;', ''],
    ['worker_connections 30000;', `worker_connections ${workerConnections};`],
    ...gateways.map(({ host, port: gatewayPort }, index) => [names[index] ?? '', `${host}:${gatewayPort}`] as const),
  ] as const;
  return replacements.reduce((config, [from, to]) => {
    if (!config.includes(from)) throw new Error(`deploy/nginx.conf does not say "${from}".`);
    return config.replaceAll(from, to);
  }, text);
}
