import { createHash } from 'node:crypto';
import { withoutCommand } from '@nest-wsc/redis';
import type { Cluster, Redis } from 'ioredis';
import type { RedisConnections } from '../redis-connections.js';
import { runScript } from '../scripts/script.js';
import { rejectScript } from './scripts/reject.lua.js';
import { settleScript } from './scripts/settle.lua.js';

/** What a program has written. */
export interface RawEntry {
  readonly id: string;
  /** Names and values in turn; undefined: somebody has deleted it. */
  readonly fields: readonly string[] | undefined;
}

/** Of all nodes: which one reads, the lease says. A consumer for each would be one more with each start of a node. */
const group = 'gateways';
const consumer = 'gateway';

/** Entries at a time, each of up to about a megabyte. */
const pageSize = 32;
/** Shorter than what a command may take. */
const blockMs = 500;

const maxRejected = 1_000;
const rejectedMs = 604_800_000;
/** What is longer than that, or has more names and values, is moved aside without them. A script can't pass on more than some thousand. */
const maxRejectedLength = 65_536;
const maxRejectedTexts = 256;
const maxReasonLength = 256;
/** For how long an id is known that no store keeps. */
const sentMs = 600_000;

/**
 * The open stream `<openPrefix>:ingest` and what stands beside it. It comes to be with its first entry: a Redis whose programs write none has
 * nothing of it. All calls reject with what Redis says.
 */
export class OpenStream {
  readonly #key: string;
  readonly #commands: Redis | Cluster;
  readonly #reader: Redis | Cluster;

  /** @param reader a connection of its own: reading blocks it. */
  constructor({ commands, openPrefix }: RedisConnections, reader: Redis | Cluster) {
    this.#key = `${openPrefix}:ingest`;
    this.#commands = commands;
    this.#reader = reader;
  }

  /** What is new, as soon as there is something, or nothing after half a second. */
  async read(): Promise<readonly RawEntry[]> {
    const take = ['GROUP', group, consumer, 'COUNT', pageSize, 'BLOCK', blockMs, 'STREAMS', this.#key, '>'] as const;
    try {
      return entriesOfStreams(await this.#reader.xreadgroup(...take));
    } catch (error) {
      if (!isReply(error, 'NOGROUP')) throw withoutCommand(error);
      await this.#begin();
      return [];
    }
  }

  /** What was read and not settled for so long, a page from `cursor` on. */
  async claim(
    idleMs: number,
    cursor: string,
  ): Promise<{ readonly entries: readonly RawEntry[]; readonly next: string }> {
    try {
      const answer: unknown = await this.#commands.xautoclaim(
        ...([this.#key, group, consumer, idleMs, cursor, 'COUNT', pageSize] as const),
      );
      const [next, entries] = listOf(answer);
      return { entries: listOf(entries).flatMap(toEntry), next: String(next) };
    } catch (error) {
      if (isReply(error, 'NOGROUP')) return { entries: [], next: firstCursor };
      throw withoutCommand(error);
    }
  }

  /** It is done with, and gone. */
  async settle(entryId: string): Promise<void> {
    await runScript(this.#commands, settleScript, { keys: [this.#key], args: [group, entryId] });
  }

  /** Moves it aside. */
  async reject({ id, fields = [] }: RawEntry, reason: string): Promise<void> {
    const length = fields.reduce((sum, text) => sum + text.length, 0);
    const kept = length > maxRejectedLength || fields.length > maxRejectedTexts ? [] : fields;
    const told = ['rejected_id', id, 'reason', reason.slice(0, maxReasonLength)];
    const call = { keys: [`${this.#key}:rejected`], args: [maxRejected, rejectedMs, ...kept, ...told] };
    await runScript(this.#commands, rejectScript, call);
    await this.settle(id);
  }

  async wasSent(onceKey: string): Promise<boolean> {
    return (await this.#commands.exists(this.#sentKey(onceKey))) === 1;
  }

  async noteSent(onceKey: string): Promise<void> {
    await this.#commands.set(this.#sentKey(onceKey), '1', 'PX', sentMs);
  }

  #sentKey(onceKey: string): string {
    return `${this.#key}:sent:${createHash('sha1').update(onceKey).digest('base64url')}`;
  }

  /** Waits for the first entry, and begins before it. */
  async #begin(): Promise<void> {
    const first: unknown = await this.#reader.xread('COUNT', 1, 'BLOCK', blockMs, 'STREAMS', this.#key, '0');
    if (entriesOfStreams(first).length === 0) return;
    try {
      await this.#commands.xgroup('CREATE', this.#key, group, '0');
    } catch (error) {
      if (!isReply(error, 'BUSYGROUP')) throw withoutCommand(error);
    }
  }
}

/** Where {@link OpenStream.claim} begins, and what it answers at the end. */
export const firstCursor = '0-0';

function entriesOfStreams(answer: unknown): readonly RawEntry[] {
  const [stream] = listOf(answer);
  const [, entries] = listOf(stream);
  return listOf(entries).flatMap(toEntry);
}

/** Redis before 7 answers nothing for one that was deleted, and will answer it again. */
function toEntry(entry: unknown): readonly RawEntry[] {
  const [id, fields] = listOf(entry);
  if (typeof id !== 'string') return [];
  return [{ id, fields: Array.isArray(fields) ? fields.map(String) : undefined }];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function isReply(error: unknown, code: string): boolean {
  return error instanceof Error && error.message.startsWith(code);
}
