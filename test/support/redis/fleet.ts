import { type RedisOptions, type RedisServer, startRedis } from './redis-server.js';

/** Servers that belong together: what was started is ended together, also where a later one does not start. */
export class Fleet implements AsyncDisposable {
  readonly #servers: RedisServer[] = [];
  readonly #others: AsyncDisposable[] = [];

  /** Starts as many, at the same time. */
  async start(count: number, options: RedisOptions): Promise<readonly RedisServer[]> {
    const starts = await Promise.allSettled(Array.from({ length: count }, () => startRedis(options)));
    const started = starts.flatMap((start) => (start.status === 'fulfilled' ? [start.value] : []));
    this.#servers.push(...started);
    const failed = starts.find((start) => start.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return started;
  }

  /** Ends it with the servers. */
  owns<Other extends AsyncDisposable>(other: Other): Other {
    this.#others.push(other);
    return other;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const other of this.#others) await other[Symbol.asyncDispose]();
    await Promise.all(this.#servers.map((server) => server[Symbol.asyncDispose]()));
  }

  /** Runs what uses it, and ends its servers where that fails. */
  static async build<Result>(use: (fleet: Fleet) => Promise<Result>): Promise<Result> {
    const fleet = new Fleet();
    try {
      return await use(fleet);
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }
}
