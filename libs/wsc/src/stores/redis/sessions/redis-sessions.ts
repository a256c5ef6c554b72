import { encodeName } from '@nest-wsc/protocol/cluster';
import { redisError } from '@nest-wsc/redis';
import type {
  SessionOwner,
  SessionPlace,
  Sessions,
  SessionState,
  SessionSuccessor,
} from '../../../core/ports/sessions.js';
import { ownerText, parseSession, parseSuccessor, sessionText, successorText } from '../../shared/session-text.js';
import { KeptWrites } from '../kept-writes.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript, type Script, type ScriptCall } from '../scripts/script.js';
import { extendScript } from './scripts/extend.lua.js';
import { removeOfScript, removeScript } from './scripts/remove.lua.js';
import { saveScript } from './scripts/save.lua.js';
import { takeScript } from './scripts/take.lua.js';

/** What {@link RedisSessions} work with. */
export interface RedisSessionsDependencies {
  readonly connections: RedisConnections;
}

/** How many sessions one command extends: what comes behind it does not wait long. */
const maxAtOnce = 500;

/**
 * Sessions that any node takes: of several that take one at the same time, one gets it. A key each, and another one for what is left of one
 * that was taken or ended; both in the partition of the user, beside the list of all that the user has.
 */
export class RedisSessions implements Sessions {
  readonly #connections: RedisConnections;
  readonly #writes = new KeptWrites();

  constructor({ connections }: RedisSessionsDependencies) {
    this.#connections = connections;
  }

  /** @throws {WscError} beside those of the port WSC_TIMEOUT, where it is not known whether it is kept. */
  save(sessionId: string, state: SessionState, timeToLiveMs: number): Promise<boolean> {
    return this.#save(sessionId, state, [wholeMs(timeToLiveMs), encodeName(sessionId)]);
  }

  /** @throws {WscError} as {@link RedisSessions.save} */
  replace(sessionId: string, state: SessionState, timeToLiveMs: number): Promise<boolean> {
    return this.#save(sessionId, state, [wholeMs(timeToLiveMs), encodeName(sessionId), '1']);
  }

  /** As many as can be: one part of a Redis Cluster that fails costs only what is on it. */
  async extend(sessions: readonly SessionPlace[], timeToLiveMs: number): Promise<readonly string[]> {
    const failures: unknown[] = [];
    const missing: string[] = [];
    for (const chunk of this.#chunks(sessions)) {
      const call = { keys: this.#keysOf(chunk), args: [wholeMs(timeToLiveMs), ...chunk.map(nameOf)] };
      try {
        const places = placesIn(await runScript(this.#connections.commands, extendScript, call));
        missing.push(...places.flatMap((place) => chunk[place - 1]?.sessionId ?? []));
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw redisError(failures[0]);
    return missing;
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

  async remove(session: SessionPlace): Promise<void> {
    const { names } = this.#connections;
    const keys = [names.sessionKey(session), ...this.#listOf(session)];
    await this.#run(removeScript, { keys, args: [nameOf(session)] });
  }

  async removeOf(userId: string): Promise<void> {
    const { names } = this.#connections;
    const args = [names.sessionKeyStart(userId), names.sessionSuccessorKeyStart(userId)];
    await this.#run(removeOfScript, { keys: [names.userSessionsKey(userId)], args });
  }

  /** The connections stay open: they are not its own. */
  close(): void {
    return;
  }

  async #save(sessionId: string, state: SessionState, how: readonly (string | number)[]): Promise<boolean> {
    const { commands, names } = this.#connections;
    const text = sessionText(state);
    const session = { sessionId, userId: state.owner.userId };
    const keys = [names.sessionKey(session), names.sessionSuccessorKey(session), ...this.#listOf(session)];
    return (await this.#writes.run(text, () => runScript(commands, saveScript, { keys, args: [text, ...how] }))) === 1;
  }

  async #run(script: Script, call: ScriptCall): Promise<void> {
    try {
      await runScript(this.#connections.commands, script, call);
    } catch (error) {
      throw redisError(error);
    }
  }

  /** '' where there is none. Rejects as ioredis does. */
  async #takeText(sessionId: string, owner: SessionOwner, successor: SessionSuccessor | undefined): Promise<string> {
    const { commands, names } = this.#connections;
    const session = { sessionId, userId: owner.userId };
    const next = successor === undefined ? [] : [successorText(owner, successor), wholeMs(successor.timeToLiveMs)];
    const keys = [names.sessionKey(session), names.sessionSuccessorKey(session), ...this.#listOf(session)];
    // With what follows the owner: of another one it could be the beginning.
    const call = { keys, args: [`${ownerText(owner)},`, nameOf(session), ...next] };
    const text = await runScript(commands, takeScript, call);
    return typeof text === 'string' ? text : '';
  }

  /** The key of all that the user has; none for who is anonymous. */
  #listOf({ userId }: SessionPlace): readonly string[] {
    return userId === undefined ? [] : [this.#connections.names.userSessionsKey(userId)];
  }

  #keysOf(sessions: readonly SessionPlace[]): readonly string[] {
    const { names } = this.#connections;
    return [...sessions.map((session) => names.sessionKey(session)), ...sessions.flatMap((each) => this.#listOf(each))];
  }

  /** What one script may touch together: those of one partition, and either all with a user or none. */
  #chunks(sessions: readonly SessionPlace[]): readonly (readonly SessionPlace[])[] {
    const { names } = this.#connections;
    const groups = new Map<number, SessionPlace[][]>();
    for (const session of sessions) {
      const { userId, sessionId } = session;
      const group = names.partitionOf(userId ?? sessionId) * 2 + (userId === undefined ? 1 : 0);
      const chunks = groups.get(group) ?? [];
      groups.set(group, chunks);
      const last = chunks.at(-1);
      if (last !== undefined && last.length < maxAtOnce) last.push(session);
      else chunks.push([session]);
    }
    return [...groups.values()].flat();
  }
}

/** Among those of its user. */
function nameOf({ sessionId }: SessionPlace): string {
  return encodeName(sessionId);
}

function placesIn(answer: unknown): readonly number[] {
  return Array.isArray(answer) ? answer.map(Number) : [];
}

/** Redis takes no time of less than one. */
function wholeMs(ms: number): number {
  return Math.max(1, Math.ceil(ms));
}
