import { nowMicroseconds } from '../clock.js';
import type { Dialect } from './dialect.js';
import { clientFrame } from './frames.js';
import { Latencies, type LatencySummary } from './latencies.js';
import type { LoadConnection } from './load-connection.js';

/** Requests by many connections, each with so many under way. */
export interface RequestLoad {
  readonly event: string;
  readonly data: unknown;
  readonly inFlight: number;
  readonly durationMs: number;
}

/** What came of a {@link RequestLoad}. */
export interface RequestResult {
  readonly answered: number;
  readonly elapsedMs: number;
  readonly latencies: LatencySummary;
}

/** Request ids in a row before they repeat: more than can be under way. */
const idCount = 256;

/** Keeps `inFlight` requests under way on each connection for a while, then waits for the last answers. */
export async function request(
  connections: readonly LoadConnection[],
  dialect: Dialect,
  load: RequestLoad,
): Promise<RequestResult> {
  const latencies = new Latencies();
  const frames = Array.from({ length: idCount }, (_, id) => clientFrame(dialect.request(load.event, load.data, id)));
  const startedAt = performance.now();
  const until = startedAt + load.durationMs;
  const clients = connections.map((connection) => new Requester({ connection, frames, latencies, until, ...load }));
  const answered = await Promise.all(clients.map((client) => client.run()));
  return {
    answered: answered.reduce((sum, count) => sum + count, 0),
    elapsedMs: performance.now() - startedAt,
    latencies: latencies.summary(),
  };
}

interface RequesterOptions {
  readonly connection: LoadConnection;
  readonly frames: readonly Buffer[];
  readonly latencies: Latencies;
  readonly inFlight: number;
  readonly until: number;
}

/** One connection that asks again as soon as it is answered. What one read has answered is asked again in one write. */
class Requester {
  readonly #options: RequesterOptions;
  readonly #sentAt: Float64Array;
  /** All frames one behind the other, twice, so that any run of them is one slice. */
  readonly #bytes: Buffer;
  readonly #frameLength: number;
  #sent = 0;
  #answered = 0;
  #toAsk = 0;
  #done: (answered: number) => void = () => undefined;

  constructor(options: RequesterOptions) {
    this.#options = options;
    this.#sentAt = new Float64Array(idCount);
    this.#bytes = Buffer.concat([...options.frames, ...options.frames]);
    this.#frameLength = options.frames[0]?.length ?? 0;
  }

  run(): Promise<number> {
    const { connection, inFlight } = this.#options;
    connection.wantsWhole = false;
    connection.onMessage = this.#answer;
    connection.onRead = this.#askAgain;
    return new Promise((resolve) => {
      this.#done = resolve;
      this.#ask(inFlight);
    });
  }

  #ask(count: number): void {
    const first = this.#sent % idCount;
    const now = nowMicroseconds();
    for (let index = 0; index < count; index += 1) this.#sentAt[(first + index) % idCount] = now;
    this.#sent += count;
    this.#options.connection.write(
      this.#bytes.subarray(first * this.#frameLength, (first + count) * this.#frameLength),
    );
  }

  readonly #answer = (): void => {
    // Handlers here are all alike, so answers come in the order of the requests.
    this.#options.latencies.add(nowMicroseconds() - (this.#sentAt[this.#answered % idCount] ?? 0));
    this.#answered += 1;
    this.#toAsk += 1;
  };

  readonly #askAgain = (): void => {
    const count = this.#toAsk;
    if (count === 0) return;
    this.#toAsk = 0;
    if (performance.now() < this.#options.until) this.#ask(count);
    else if (this.#answered === this.#sent) this.#done(this.#answered);
  };
}
