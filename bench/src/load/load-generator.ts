import { dialects, type DialectName } from './dialect.js';
import { LoadConnection } from './load-connection.js';
import type { LatencySummary } from './latencies.js';
import { Members } from './members.js';
import {
  RecoveringClients,
  type ComeBack,
  type Missed,
  type RecoveryLoad,
  type RecoveryTally,
} from './recovering-clients.js';
import { request, type RequestLoad, type RequestResult } from './requests.js';

/** Which clients are to come. */
export interface ConnectLoad {
  readonly port: number;
  /** Their dialects, in turn. */
  readonly dialects: readonly DialectName[];
  readonly count: number;
  /** Joined by each. */
  readonly rooms?: readonly string[];
  readonly deflate?: boolean;
}

/** What members have heard since the last {@link LoadGenerator.reset}. */
export interface Heard {
  readonly isComplete: boolean;
  readonly delivered: number;
  /** From the reset to the last message. */
  readonly elapsedMs: number;
  readonly latencies: LatencySummary;
}

/** When {@link LoadGenerator.churn} begins no more, whichever comes first; a time or a number that is absent ends nothing. */
export interface ChurnLimit {
  readonly durationMs?: number;
  readonly connects?: number;
}

/** Handshakes under way at a time. */
const handshakesAtOnce = 32;

/** The clients of a benchmark: what the harness calls in a process of its own. */
export class LoadGenerator {
  readonly #members = new Members();
  readonly #others: LoadConnection[] = [];
  readonly #publishers: LoadConnection[] = [];
  readonly #recovering = new RecoveringClients();
  #resetAt = 0;
  #nextIndex = 0;

  /** Opens clients that are counted in {@link LoadGenerator.heard}. Answers how long it took, in milliseconds. */
  async connect(load: ConnectLoad): Promise<number> {
    const startedAt = performance.now();
    this.#members.add(await this.#open(load));
    return performance.now() - startedAt;
  }

  /** Opens one more that asks its server to publish. */
  async connectPublisher(load: Pick<ConnectLoad, 'port' | 'dialects'>): Promise<void> {
    this.#publishers.push(...(await this.#open({ ...load, count: 1 })));
  }

  /** Has servers publish, one command by each publisher; answers how many messages they say they have sent. */
  async publish(event: 'publish' | 'pace' | 'number', ...commands: readonly object[]): Promise<number> {
    const counts = commands.map(async (command, index) => {
      const publisher = this.#publishers[index];
      if (publisher === undefined) throw new Error(`There is no publisher ${index}.`);
      return Number(await publisher.request(event, command));
    });
    return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
  }

  /** Hangs up on all servers, so that all of this can begin again. */
  disconnect(): void {
    const members = this.#members.remove(this.#members.connections.length);
    for (const connection of [...members, ...this.#others.splice(0), ...this.#publishers.splice(0)]) {
      connection.terminate();
    }
    this.#recovering.clear();
  }

  reset(): void {
    this.#members.reset();
    this.#resetAt = performance.now();
  }

  /** Waits until members have heard so many messages together. */
  async heard(total: number, timeoutMs: number): Promise<Heard> {
    const isComplete = await this.#members.heard(total, timeoutMs);
    return {
      isComplete,
      delivered: this.#members.delivered,
      elapsedMs: this.#members.lastAt - this.#resetAt,
      latencies: this.#members.latencies.summary(),
    };
  }

  /** Bursts one after the other, each when the last was heard by all, for a while. Answers how many. */
  async bursts(command: object, perBurst: number, durationMs: number): Promise<number> {
    const until = performance.now() + durationMs;
    let count = 0;
    do {
      count += 1;
      const heard = this.#members.heard(this.#members.delivered + perBurst, 60_000);
      await this.publish('publish', command);
      if (!(await heard)) throw new Error('A burst was not heard by all within a minute.');
    } while (performance.now() < until);
    return count;
  }

  /** So many of the members read nothing from now on, and are not counted any more. */
  stall(count: number): void {
    for (const connection of this.#members.remove(count)) {
      connection.pause();
      this.#others.push(connection);
    }
  }

  /** One request by one member; answers the data of the reply. */
  async ask(event: string, data: unknown): Promise<unknown> {
    const [connection] = this.#members.connections;
    if (connection === undefined) throw new Error('Nobody is connected.');
    return connection.request(event, data);
  }

  /** Opens clients that will go away and come back. They are not counted among those of {@link LoadGenerator.heard}. */
  joinRecovering(load: RecoveryLoad): Promise<void> {
    return this.#recovering.join(load);
  }

  /** Has the first publisher send each of them the number 0 by `command`. Answers whether all have heard it in time. */
  place(command: object, timeoutMs: number): Promise<boolean> {
    return this.#recovering.placedBy(() => this.publish('number', command), timeoutMs);
  }

  /** Cuts them all off, without a word. */
  cut(): void {
    this.#recovering.cut();
  }

  /** They come back, all at once, for what they have missed. */
  comeBack(missed: Missed): Promise<ComeBack> {
    return this.#recovering.comeBack(missed);
  }

  /** What they have got since. */
  recovered(): RecoveryTally {
    return this.#recovering.tally();
  }

  /** Requests by all members. */
  request(dialect: DialectName, load: RequestLoad): Promise<RequestResult> {
    return request(this.#members.connections, dialects[dialect], load);
  }

  /** Connects and closes again and again. Answers how often, and how long it took, in milliseconds. */
  async churn(load: ConnectLoad, limit: ChurnLimit): Promise<{ readonly count: number; readonly elapsedMs: number }> {
    const { durationMs = Infinity, connects = Infinity } = limit;
    const startedAt = performance.now();
    let started = 0;
    const client = async (): Promise<void> => {
      while (started < connects && performance.now() - startedAt < durationMs) {
        started += 1;
        const [connection] = await this.#open({ ...load, count: 1 });
        await connection?.close();
      }
    };
    await Promise.all(Array.from({ length: load.count }, client));
    return { count: started, elapsedMs: performance.now() - startedAt };
  }

  /** How many of those that read nothing the server has closed. */
  stalledClosed(): number {
    return this.#others.filter(({ isClosed }) => isClosed).length;
  }

  /** CPU of this process since its start, in microseconds. */
  cpuUs(): number {
    const { user, system } = process.cpuUsage();
    return user + system;
  }

  async #open(load: ConnectLoad): Promise<LoadConnection[]> {
    const opened: LoadConnection[] = [];
    let started = 0;
    const worker = async (): Promise<void> => {
      while (started < load.count) {
        const name = load.dialects[started % load.dialects.length] ?? 'plain';
        started += 1;
        opened.push(await this.#openOne(load, name));
      }
    };
    await Promise.all(Array.from({ length: Math.min(handshakesAtOnce, load.count) }, worker));
    return opened;
  }

  async #openOne({ port, deflate, rooms = [] }: ConnectLoad, name: DialectName): Promise<LoadConnection> {
    const index = (this.#nextIndex += 1);
    const options = deflate === undefined ? {} : { deflate };
    const connection = await LoadConnection.open({ port, dialect: dialects[name], index, ...options });
    for (const room of rooms) await connection.request('join', room);
    return connection;
  }
}
