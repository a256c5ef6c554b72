import { redisError } from '@nest-wsc/redis';
import type { RevocationList } from '../../../core/ports/access.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { Logger } from '../../../core/ports/logger.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript } from '../scripts/script.js';
import { RevocationWatch } from './revocation-watch.js';
import { announceScript } from './scripts/announce.lua.js';
import { revokeScript } from './scripts/revoke.lua.js';

/** How the nodes hear of each other's revocations. */
export interface RedisRevocationListOptions {
  /** Between two looks at what others have revoked. @default 1_000 */
  readonly pollMs?: number;
}

/** What {@link RedisRevocationList} works with. */
export interface RedisRevocationListDependencies {
  readonly connections: RedisConnections;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The latest revocations that are kept for nodes that look late: what a cluster revokes within an outage of Redis. */
const keptRevocations = 10_000;
/** The stream goes after so long without a revocation; a node that did not look for a day has no connection any more. */
const keptMs = 86_400_000;
/** Later than any credential ends, and what Redis can count. */
const longestMs = 100 * 365 * 86_400_000;

/**
 * Revoked credentials of all nodes, kept until they would have expired. Promises: what was revoked is refused by all nodes at once, and
 * whoever watches hears of it within two looks, however pub/sub fares. While Redis is gone, nobody can tell whether a token was revoked, so
 * asking fails.
 */
export class RedisRevocationList implements RevocationList {
  readonly #connections: RedisConnections;
  readonly #clock: Clock;
  readonly #watch: RevocationWatch;

  constructor(options: RedisRevocationListOptions, { connections, clock, logger }: RedisRevocationListDependencies) {
    this.#connections = connections;
    this.#clock = clock;
    this.#watch = new RevocationWatch({ connections, clock, logger, pollMs: options.pollMs ?? 1_000 });
  }

  /**
   * @param until milliseconds since 1970; a later one for the same token wins. `Infinity` for a credential without an end.
   * @throws {WscError} WSC_UNAVAILABLE
   */
  async revoke(tokenId: string, until: number): Promise<void> {
    if (Number.isNaN(until)) throw new TypeError('Expected `until` to be milliseconds since 1970, got NaN.');
    const endsInMs = Math.ceil(until - this.#clock.now());
    if (endsInMs <= 0) return;
    const { commands, names } = this.#connections;
    try {
      const args = [endsInMs > longestMs ? 0 : endsInMs];
      await runScript(commands, revokeScript, { keys: [names.revokedKey(tokenId)], args });
      // Not before: who hears of it asks, and whoever is told again loses nothing.
      await runScript(commands, announceScript, {
        keys: [names.revocations],
        args: [tokenId, keptRevocations, keptMs],
      });
    } catch (error) {
      throw redisError(error);
    }
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async isRevoked(tokenId: string): Promise<boolean> {
    const { commands, names } = this.#connections;
    try {
      return (await commands.exists(names.revokedKey(tokenId))) === 1;
    } catch (error) {
      throw redisError(error);
    }
  }

  /**
   * Hears of each credential that is revoked from now on, on whichever node, this one included; of one it may hear twice.
   * @param onRevoked must not throw.
   */
  async watch(onRevoked: (tokenId: string) => void): Promise<void> {
    await this.#watch.start(onRevoked);
  }

  /** Ends the watch. */
  async close(): Promise<void> {
    await this.#watch.close();
  }
}
