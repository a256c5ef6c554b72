import { redisError } from '@nest-wsc/redis';
import type { SessionOwner, Sessions, SessionState, SessionSuccessor } from '../../../core/ports/sessions.js';
import { ownerText, parseSession, parseSuccessor, sessionText, successorText } from '../../shared/session-text.js';
import { KeptWrites } from '../kept-writes.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript } from '../scripts/script.js';
import { extendScript } from './scripts/extend.lua.js';
import { takeScript } from './scripts/take.lua.js';

/** What {@link RedisSessions} work with. */
export interface RedisSessionsDependencies {
  readonly connections: RedisConnections;
}

/** How many sessions one command extends: what comes behind it does not wait long. */
const maxAtOnce = 500;

/** Sessions that any node takes: of several that take one at the same time, one gets it. A key each, in the partition of its id, and another
 * one for the successor of one that was taken. */
export class RedisSessions implements Sessions {
  readonly #connections: RedisConnections;
  readonly #writes = new KeptWrites();

  constructor({ connections }: RedisSessionsDependencies) {
    this.#connections = connections;
  }

  /** @throws {WscError} beside those of the port WSC_TIMEOUT, where it is not known whether it is kept. */
  async save(sessionId: string, state: SessionState, timeToLiveMs: number): Promise<void> {
    const { commands, names } = this.#connections;
    const text = sessionText(state);
    await this.#writes.run(text, () => commands.set(names.sessionKey(sessionId), text, 'PX', wholeMs(timeToLiveMs)));
  }

  /** As many as can be: one part of a Redis Cluster that fails costs only what is on it. */
  async extend(sessionIds: readonly string[], timeToLiveMs: number): Promise<void> {
    const failures: unknown[] = [];
    for (const keys of this.#chunks(sessionIds)) {
      const call = { keys, args: [wholeMs(timeToLiveMs)] };
      await runScript(this.#connections.commands, extendScript, call).catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw redisError(failures[0]);
  }

  /** Two commands where the session leads to its successor: each is taken once, whoever comes between. */
  async take(sessionId: string, owner: SessionOwner, successor?: SessionSuccessor): Promise<SessionState | undefined> {
    try {
      const text = await this.#takeText(sessionId, owner, successor);
      const next = parseSuccessor(text, owner);
      return parseSession(next === undefined ? text : await this.#takeText(next, owner, successor), owner);
    } catch (error) {
      throw redisError(error);
    }
  }

  async remove(sessionId: string): Promise<void> {
    const { commands, names } = this.#connections;
    try {
      await commands.del(names.sessionKey(sessionId));
    } catch (error) {
      throw redisError(error);
    }
  }

  /** The connections stay open: they are not its own. */
  close(): void {
    return;
  }

  /** '' where there is none. Rejects as ioredis does. */
  async #takeText(sessionId: string, owner: SessionOwner, successor: SessionSuccessor | undefined): Promise<string> {
    const { commands, names } = this.#connections;
    const place =
      successor === undefined ? [] : [successorText(owner, successor), String(wholeMs(successor.timeToLiveMs))];
    // With what follows the owner: of another one it could be the beginning.
    const keys = [names.sessionKey(sessionId), names.sessionSuccessorKey(sessionId)];
    const call = { keys, args: [`${ownerText(owner)},`, ...place] };
    const text = await runScript(commands, takeScript, call);
    return typeof text === 'string' ? text : '';
  }

  /** Keys that one script may touch together. */
  #chunks(sessionIds: readonly string[]): readonly (readonly string[])[] {
    const { names } = this.#connections;
    const partitions = new Map<number, string[][]>();
    for (const sessionId of sessionIds) {
      const partition = names.partitionOf(sessionId);
      const chunks = partitions.get(partition) ?? [];
      partitions.set(partition, chunks);
      const last = chunks.at(-1);
      if (last !== undefined && last.length < maxAtOnce) last.push(names.sessionKey(sessionId));
      else chunks.push([names.sessionKey(sessionId)]);
    }
    return [...partitions.values()].flat();
  }
}

/** Redis takes no time of less than one. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}
