import { createHash } from 'node:crypto';
import { redisError } from '@nest-wsc/redis';
import type {
  StreamPosition,
  StreamRead,
  StreamReadLimit,
  Streams,
  StreamWrite,
  StreamWriteResult,
} from '../../../core/ports/streams.js';
import { createEpoch } from '../../shared/create-epoch.js';
import { keptVersions, positionLifetimeMs, requireVersion } from '../../shared/stream-rules.js';
import { keptBatchHead, keptMessageText } from '../kept-message.js';
import { KeptWrites } from '../kept-writes.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript, type Script } from '../scripts/script.js';
import { parseRead, parseStart, parseTops, parseWriteResult } from './stream-answers.js';
import { appendScript } from './scripts/append.lua.js';
import { readScript } from './scripts/read.lua.js';
import { topsScript } from './scripts/tops.lua.js';

/** What {@link RedisStreams} work with. */
export interface RedisStreamsDependencies {
  readonly connections: RedisConnections;
}

/** Streams that one script looks at: others have to wait for it. */
const topsAtOnce = 100;
/** What is longer than that is longer than anything runs, and still a number for Redis. */
const longestMs = 100 * 365 * 86_400_000;

/**
 * Streams in Redis, one script a call. A stream begins a new epoch wherever Redis may have lost something: its position is gone, or the
 * server is not the one that wrote it, after a restart or a failover or since the slot has moved. A server that is alone and has each
 * change on its disk before it answers keeps its epochs over a restart. Needs the permission for `INFO`, and without `CONFIG GET` no
 * epoch survives a restart.
 */
export class RedisStreams implements Streams {
  readonly #connections: RedisConnections;
  /** With Redis' time it makes an epoch of which there is no other. */
  readonly #nonce = createEpoch();
  readonly #writes = new KeptWrites();

  constructor({ connections }: RedisStreamsDependencies) {
    this.#connections = connections;
  }

  async append(room: string, write: StreamWrite): Promise<StreamWriteResult> {
    requireVersion(write);
    const { message, exceptConnectionId } = write;
    const text = keptMessageText(exceptConnectionId === undefined ? { message } : { message, exceptConnectionId });
    return this.#writes.run(text, async () => {
      const { writer } = this.#connections;
      const args = [...this.#appendArgs(room, write, text), await writer.server.lastingFlag(), this.#nonce];
      return parseWriteResult(await writer.run(appendScript, { keys: this.#keysOf(room, write), args }));
    });
  }

  async read(room: string, since: StreamPosition, limit: StreamReadLimit): Promise<StreamRead> {
    // The script takes '' for the start; it is nobody's epoch.
    return parseRead(await this.#read(room, { ...since, epoch: since.epoch === '' ? '-' : since.epoch }, limit));
  }

  async readFromStart(room: string, limit: StreamReadLimit): Promise<Extract<StreamRead, { readonly status: 'ok' }>> {
    return parseStart(await this.#read(room, { offset: 0, epoch: '' }, limit));
  }

  async tops(rooms: readonly string[]): Promise<readonly StreamPosition[]> {
    const { names } = this.#connections;
    const found = new Map<string, StreamPosition>();
    const readSome = async (some: readonly string[]): Promise<void> => {
      const answer = await this.#run(
        topsScript,
        some.map((room) => names.streamPositionKey(room)),
        [positionLifetimeMs],
      );
      parseTops(answer).forEach((top, index) => found.set(some[index] ?? '', top));
    };
    try {
      await Promise.all(this.#together(rooms).map(readSome));
    } catch (error) {
      throw redisError(error);
    }
    return rooms.flatMap((room) => found.get(room) ?? []);
  }

  async delete(room: string): Promise<void> {
    const { commands, names } = this.#connections;
    try {
      await commands.unlink(
        names.streamPositionKey(room),
        names.streamKey(room),
        names.streamVersionsKey(room),
        names.streamVersionTimesKey(room),
      );
    } catch (error) {
      throw redisError(error);
    }
  }

  /** The connections stay open: they are not its own. */
  close(): void {
    return;
  }

  async #read(room: string, { offset, epoch }: StreamPosition, limit: StreamReadLimit): Promise<unknown> {
    const { names } = this.#connections;
    const args = [offset, epoch, limit.maxMessages, limit.maxBytes, positionLifetimeMs];
    try {
      return await this.#run(readScript, [names.streamKey(room), names.streamPositionKey(room)], args);
    } catch (error) {
      throw redisError(error);
    }
  }

  #keysOf(room: string, { once, version }: StreamWrite): readonly string[] {
    const { names } = this.#connections;
    const keys = [names.streamKey(room), names.streamPositionKey(room)];
    if (once !== undefined) keys.push(names.streamOnceKey(room, hashOf(once.key)));
    if (version !== undefined) keys.push(names.streamVersionsKey(room), names.streamVersionTimesKey(room));
    return keys;
  }

  #appendArgs(room: string, write: StreamWrite, text: string): readonly (string | number)[] {
    const { message, limits, once, version } = write;
    const { commands, names } = this.#connections;
    const lifetimeMs = wholeMs(limits.timeToLiveMs);
    return [
      `${once === undefined ? '' : 'o'}${version === undefined ? '' : 'v'}`,
      commands.isCluster ? 'SPUBLISH' : 'PUBLISH',
      names.room(room),
      message.id,
      text,
      keptBatchHead,
      Math.max(1, Math.floor(limits.maxMessages)),
      lifetimeMs,
      lifetimeMs + positionLifetimeMs,
      wholeMs(once?.windowMs ?? 1),
      version?.key ?? '',
      version?.value ?? 0,
      keptVersions,
    ];
  }

  /** With the two arguments that every script of positions ends with. */
  async #run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    const { commands, server } = this.#connections;
    const lasting = await server.lastingFlag();
    return runScript(commands, script, { keys, args: [...args, lasting, this.#nonce] });
  }

  /** Rooms of one partition together, some at a time. */
  #together(rooms: readonly string[]): readonly (readonly string[])[] {
    const { names } = this.#connections;
    const byPartition = new Map<number, string[][]>();
    for (const room of rooms) {
      const partition = names.partitionOf(room);
      const groups = byPartition.get(partition) ?? [];
      byPartition.set(partition, groups);
      const last = groups.at(-1);
      if (last !== undefined && last.length < topsAtOnce) last.push(room);
      else groups.push([room]);
    }
    return [...byPartition.values()].flat();
  }
}

/** Keys of writes may hold what no key of Redis should, and be long. */
function hashOf(key: string): string {
  return createHash('sha256').update(key).digest('base64url');
}

function wholeMs(ms: number): number {
  return Math.min(Math.max(1, Math.ceil(ms)), longestMs);
}
