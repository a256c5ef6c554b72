import { GatewayProcess } from './gateway-process.js';
import { gatewayEnvironment } from './gateway-users.js';
import type { LocalAddress } from './nginx.js';
import { findFreePort } from './redis/free-port.js';
import { until } from './until.js';

/** Everything that the gateways of a deployment have in common. */
export type GatewayEnvironment = Readonly<Record<string, string>>;

/** What a gateway is started with, each time. */
interface Launch {
  readonly environment: GatewayEnvironment;
  /** The demo, where there is none. */
  readonly program: string | undefined;
}

/** One gateway of several, which comes back on its port. */
export class ClusterGateway implements AsyncDisposable {
  readonly nodeId: string;
  readonly #launch: Launch;
  #process: GatewayProcess;
  /** The start that is going on. */
  #starting: Promise<GatewayProcess | undefined> | undefined;

  private constructor(nodeId: string, launch: Launch, process: GatewayProcess) {
    this.nodeId = nodeId;
    this.#launch = launch;
    this.#process = process;
  }

  /**
   * @param environment beside port and name
   * @param program another gateway than the demo
   */
  static async start(nodeId: string, environment: GatewayEnvironment, program?: string): Promise<ClusterGateway> {
    const launch = { environment: { ...environment, WSC_NODE_ID: nodeId }, program };
    return new ClusterGateway(nodeId, launch, await startOnFreePort(launch));
  }

  /** Of the run that is, or was the last. */
  get process(): GatewayProcess {
    return this.#process;
  }

  get address(): LocalAddress {
    return { host: '127.0.0.1', port: Number(this.#process.port) };
  }

  /** As an orchestrator does: SIGTERM, wait for its end, start it again, wait until it serves. Answers its exit code. */
  async restart(): Promise<number | null> {
    const exitCode = await this.#process.stop('SIGTERM');
    await this.startAgain();
    return exitCode;
  }

  /** After it has ended. Waits for its port where another program has taken it meanwhile. */
  async startAgain(): Promise<void> {
    const { port } = this.#process;
    this.#starting = until(
      () => startUnlessPortIsTaken(this.#launch, port),
      (process) => process !== undefined,
      { patienceMs: 60_000, everyMs: 100 },
    );
    const started = await this.#starting;
    if (started !== undefined) this.#process = started;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#process[Symbol.asyncDispose]();
    // Who has begun it may not wait any more, and it would outlive the test.
    const started = await this.#starting?.catch(() => undefined);
    await started?.[Symbol.asyncDispose]();
  }
}

/**
 * Several gateways that are started together, named `gateway-1` and on, and take the tokens of `signToken`.
 * Ended by `await using`.
 */
export class Gateways implements AsyncDisposable {
  readonly all: readonly ClusterGateway[];

  private constructor(all: readonly ClusterGateway[]) {
    this.all = all;
  }

  static async start(count: number, environment: GatewayEnvironment): Promise<Gateways> {
    const starts = Array.from({ length: count }, (_, index) =>
      ClusterGateway.start(`gateway-${index + 1}`, { ...gatewayEnvironment, ...environment }),
    );
    const results = await Promise.allSettled(starts);
    const started = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    const gateways = new Gateways(started);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed === undefined) return gateways;
    await gateways[Symbol.asyncDispose]();
    throw failed.reason;
  }

  get addresses(): readonly LocalAddress[] {
    return this.all.map(({ address }) => address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.all.map((gateway) => gateway[Symbol.asyncDispose]()));
  }
}

/** Not any port that the system gives: those are for outgoing connections too, and one might take it during a restart. */
async function startOnFreePort(launch: Launch): Promise<GatewayProcess> {
  const patience = { patienceMs: 60_000 };
  const started = await until(
    async () => startUnlessPortIsTaken(launch, String(await findFreePort())),
    (process) => process !== undefined,
    patience,
  );
  if (started === undefined) throw new Error('There is no free port.');
  return started;
}

async function startUnlessPortIsTaken(
  { environment, program }: Launch,
  port: string,
): Promise<GatewayProcess | undefined> {
  try {
    return await GatewayProcess.start({ ...environment, PORT: port }, program);
  } catch (error) {
    if (error instanceof Error && error.message.includes('is in use')) return undefined;
    throw error;
  }
}
