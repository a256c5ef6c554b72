import type { Clock, Timer } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import type { RedisConnections } from '../redis-connections.js';

/** What a {@link RevocationWatch} needs. */
export interface RevocationWatchDependencies {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly pollMs: number;
}

/** Read at a time; more are read at once afterwards. */
const pageSize = 500;

/**
 * Reads the stream of revocations from where it stands. By asking, not by pub/sub: a revocation that nobody hears of would leave a
 * connection open for as long as its token is good.
 */
export class RevocationWatch {
  readonly #deps: RevocationWatchDependencies;
  #onRevoked: (tokenId: string) => void = () => undefined;
  /** The last id that was read; undefined until Redis has said which one is the last. */
  #position: string | undefined;
  #timer: Timer | undefined;
  #reading: Promise<void> | undefined;
  #isClosed = false;

  constructor(dependencies: RevocationWatchDependencies) {
    this.#deps = dependencies;
  }

  /** Settles after the first look; where that fails, the next ones go on. */
  async start(onRevoked: (tokenId: string) => void): Promise<void> {
    this.#onRevoked = onRevoked;
    this.#timer = this.#deps.clock.every(this.#deps.pollMs, () => this.#look());
    this.#look();
    await this.#reading;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#timer?.cancel();
    await this.#reading;
  }

  #look(): void {
    this.#reading ??= this.#read()
      .catch((cause: unknown) => this.#deps.logger.debug('Revocations could not be read.', { cause }))
      .finally(() => (this.#reading = undefined));
  }

  async #read(): Promise<void> {
    // What was revoked before, new connections are asked about, and this node has none of before.
    this.#position ??= await this.#newest();
    for (let count = pageSize; count === pageSize && !this.#isClosed;) count = await this.#readPage(this.#position);
  }

  async #newest(): Promise<string> {
    const { commands, names } = this.#deps.connections;
    const [newest] = await commands.xrevrange(names.revocations, '+', '-', 'COUNT', 1);
    return newest?.[0] ?? '0-0';
  }

  async #readPage(position: string): Promise<number> {
    const { commands, names } = this.#deps.connections;
    const entries = await commands.xrange(names.revocations, `(${position}`, '+', 'COUNT', pageSize);
    for (const [id, [, tokenId]] of entries) {
      this.#position = id;
      if (tokenId !== undefined && !this.#isClosed) this.#onRevoked(tokenId);
    }
    return entries.length;
  }
}
