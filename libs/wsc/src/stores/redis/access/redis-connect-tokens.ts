import { createHash, randomBytes } from 'node:crypto';
import { WscError } from '@nest-wsc/protocol';
import { redisError } from '@nest-wsc/redis';
import type { Principal } from '../../../core/connect/principal.js';
import type { ConnectTokens, IssuedConnectToken } from '../../../core/ports/access.js';
import type { Clock } from '../../../core/ports/clock.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript } from '../scripts/script.js';
import { parsePrincipal } from './principal-text.js';
import { ownTokenScript } from './scripts/own-token.lua.js';

/** Bounds of {@link RedisConnectTokens}. */
export interface RedisConnectTokensOptions {
  /** How long a token may be redeemed, in milliseconds; never longer than the principal's own credential. @default 30_000 */
  readonly timeToLiveMs?: number | undefined;
  /** Tokens open at the same time of one user, on all nodes; one more ends that user's oldest. @default 20 */
  readonly maxOpenPerUser?: number | undefined;
}

/** What {@link RedisConnectTokens} work with. */
export interface RedisConnectTokensDependencies {
  readonly connections: RedisConnections;
  readonly clock: Clock;
}

const tokenBytes = 32;
// 32 bytes in base64url.
const tokenPattern = /^[A-Za-z0-9_-]{43}$/;

/**
 * One-time connect tokens that any node redeems: 256 random bits each, kept hashed, with their principal as JSON. Promises: of several
 * nodes that redeem one at the same time, one does. Claims that JSON can't write are not kept as they were.
 */
export class RedisConnectTokens implements ConnectTokens {
  readonly #connections: RedisConnections;
  readonly #clock: Clock;
  readonly #timeToLiveMs: number;
  readonly #maxOpenPerUser: number;

  constructor(options: RedisConnectTokensOptions, { connections, clock }: RedisConnectTokensDependencies) {
    this.#connections = connections;
    this.#clock = clock;
    this.#timeToLiveMs = options.timeToLiveMs ?? 30_000;
    this.#maxOpenPerUser = options.maxOpenPerUser ?? 20;
  }

  /**
   * @throws {WscError} WSC_UNAUTHORIZED when the principal's credential ends within this second, WSC_UNAVAILABLE without Redis.
   * @throws {TypeError} for claims that JSON can't write at all.
   */
  async issue(principal: Principal): Promise<IssuedConnectToken> {
    const credentialMs = (principal.expiresAt ?? Infinity) - this.#clock.now();
    if (credentialMs < 1000) throw new WscError('WSC_UNAUTHORIZED');
    const timeToLiveMs = Math.floor(Math.min(this.#timeToLiveMs, credentialMs));
    const connectToken = randomBytes(tokenBytes).toString('base64url');
    const text = JSON.stringify(principal);
    try {
      await this.#keep(hashOf(connectToken), { userId: principal.userId, text, timeToLiveMs });
    } catch (error) {
      throw redisError(error);
    }
    return { connectToken, expiresIn: Math.floor(timeToLiveMs / 1000) };
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async redeem(connectToken: string): Promise<Principal | undefined> {
    if (!tokenPattern.test(connectToken)) return undefined;
    const { commands, names } = this.#connections;
    const hash = hashOf(connectToken);
    try {
      const text = await commands.getdel(names.connectTokenKey(hash));
      const principal = text === null ? undefined : parsePrincipal(text);
      if (principal !== undefined) this.#forget(principal.userId, hash);
      return principal;
    } catch (error) {
      throw redisError(error);
    }
  }

  async #keep(
    hash: string,
    { userId, text, timeToLiveMs }: { readonly userId: string; readonly text: string; readonly timeToLiveMs: number },
  ): Promise<void> {
    const { commands, names } = this.#connections;
    const call = { keys: [names.connectTokensKey(userId)], args: [hash, timeToLiveMs, this.#maxOpenPerUser] };
    const tooMany = await runScript(commands, ownTokenScript, call);
    await commands.set(names.connectTokenKey(hash), text, 'PX', timeToLiveMs);
    // One by one: each is on its own node of a Redis Cluster.
    const oldest: readonly unknown[] = Array.isArray(tooMany) ? tooMany : [];
    await Promise.all(oldest.map(async (other) => commands.del(names.connectTokenKey(String(other)))));
  }

  /** What stays in the user's list goes with its time; until then it only takes a place. */
  #forget(userId: string, hash: string): void {
    const { commands, names } = this.#connections;
    commands.zrem(names.connectTokensKey(userId), hash).catch(() => undefined);
  }
}

/** Looked up by hash, so that neither a look into Redis nor the time of a comparison tells a token. */
function hashOf(connectToken: string): string {
  return createHash('sha256').update(connectToken).digest('base64url');
}
