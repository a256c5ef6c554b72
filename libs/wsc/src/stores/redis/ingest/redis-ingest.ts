import {
  connectClient,
  createReaderClient,
  endClient,
  isConnected,
  resolveRedisOptions,
  type RedisOptions,
} from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import type { Clock } from '../../../core/ports/clock.js';
import type { Ingest, IngestListener } from '../../../core/ports/ingest.js';
import type { Logger } from '../../../core/ports/logger.js';
import { FaultLog } from '../fault-log.js';
import type { RedisConnections } from '../redis-connections.js';
import { IngestSession } from './ingest-session.js';
import { OpenStream } from './open-stream.js';
import { ReaderLease } from './reader-lease.js';
import { Sleepers } from './sleepers.js';

/** How {@link RedisIngest} reads. */
export interface RedisIngestOptions {
  readonly redis: RedisOptions;
  /** After so long without a word from the node that reads, another one does. @default 10_000 */
  readonly leaseMs?: number;
  /** Until an entry that a store did not take is tried again; twice as long each time after it, up to 5 s. @default 200 */
  readonly firstRetryMs?: number;
}

/** What {@link RedisIngest} works with. */
export interface RedisIngestDependencies {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What was read for so long and is not settled was lost on the way to the node that reads. */
const lostMs = 30_000;
/** Between two looks at whether Redis is there. */
const connectedMs = 100;

/**
 * The open stream `<openPrefix>:ingest`, to which programs in any language write what must not be lost. One node at a time reads it, so
 * that entries keep their order; when that one goes or dies, another one takes up what it has left. What can't be sent is moved aside, to
 * `<openPrefix>:ingest:rejected`, with the reason.
 */
export class RedisIngest implements Ingest {
  readonly #deps: RedisIngestDependencies;
  readonly #reader: Redis | Cluster;
  readonly #stream: OpenStream;
  readonly #lease: ReaderLease;
  readonly #leaseMs: number;
  readonly #firstRetryMs: number;
  readonly #faults: FaultLog;
  readonly #pauses: Sleepers;
  #session: IngestSession | undefined;
  #running: Promise<void> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(
    { leaseMs = 10_000, firstRetryMs = 200 }: RedisIngestOptions,
    deps: RedisIngestDependencies,
    reader: Redis | Cluster,
  ) {
    this.#deps = deps;
    this.#leaseMs = leaseMs;
    this.#firstRetryMs = firstRetryMs;
    this.#reader = reader;
    this.#stream = new OpenStream(deps.connections, reader);
    this.#lease = new ReaderLease({ ...deps, leaseMs });
    this.#faults = new FaultLog(deps);
    this.#pauses = new Sleepers(deps.clock);
  }

  /** @throws {TypeError} for options that can't be. */
  static async open(options: RedisIngestOptions, dependencies: RedisIngestDependencies): Promise<RedisIngest> {
    return new RedisIngest(options, dependencies, await createReaderClient(resolveRedisOptions(options.redis)));
  }

  /** How many entries were moved aside. */
  get faults(): number {
    return this.#faults.count;
  }

  async start(listener: IngestListener): Promise<void> {
    // Where it can't connect, the connection for commands tells of it.
    this.#reader.on('error', () => undefined);
    const connecting = connectClient(this.#reader);
    this.#running = this.#run(listener);
    // A Redis that is not there was waited for already.
    if (isConnected(this.#deps.connections.commands)) await connecting;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#pauses.close();
    await this.#session?.end();
    // Ends what it waits for. What comes in this moment is not settled, so whoever reads next takes it up.
    await endClient(this.#reader);
    await this.#running;
  }

  async #run(listener: IngestListener): Promise<void> {
    while (!this.#isClosing()) {
      while (!isConnected(this.#reader) && !this.#isClosing()) await this.#pauses.sleep(connectedMs);
      try {
        if (!this.#isClosing() && (await this.#lease.hold())) await this.#readWhileHeld(listener);
      } catch (cause) {
        this.#deps.logger.debug('The open stream could not be read; it will be tried again.', { cause });
      }
      await this.#pauses.sleep(this.#leaseMs / 5);
    }
    await this.#lease.release().catch(() => undefined);
  }

  async #readWhileHeld(listener: IngestListener): Promise<void> {
    const { clock, connections } = this.#deps;
    const [stream, faults, firstRetryMs] = [this.#stream, this.#faults, this.#firstRetryMs];
    const name = `${connections.openPrefix}:ingest`;
    const isHeld = (): boolean => this.#lease.isHeld;
    const session = new IngestSession({ clock, stream, faults, listener, name, firstRetryMs, isHeld });
    this.#session = session;
    const renewals = clock.every(this.#leaseMs / 5, () => void this.#lease.hold().catch(() => undefined));
    try {
      await session.takeUp(0);
      let lookAt = clock.monotonic() + lostMs;
      while (this.#lease.isHeld && !this.#isClosing()) {
        await session.readOn();
        if (clock.monotonic() < lookAt) continue;
        lookAt = clock.monotonic() + lostMs;
        await session.takeUp(lostMs);
      }
    } finally {
      renewals.cancel();
      this.#session = undefined;
      await session.end();
    }
  }

  #isClosing(): boolean {
    return this.#closing !== undefined;
  }
}
