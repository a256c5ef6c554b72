import { WscError } from '@nest-wsc/protocol';
import { redisError } from '@nest-wsc/redis';
import {
  defaultInboxLimits,
  unnamedDevice,
  type DeadLetter,
  type Inbox,
  type InboxLimits,
  type InboxPage,
  type InboxPageRequest,
  type InboxSize,
  type InboxStored,
  type InboxWrite,
} from '../../../core/ports/inbox.js';
import type { StreamPosition } from '../../../core/ports/streams.js';
import { createEpoch } from '../../shared/create-epoch.js';
import { unnamedDeviceMemoryMs } from '../../shared/inbox-rules.js';
import { keptBatchHead, keptMessageText } from '../kept-message.js';
import { KeptWrites } from '../kept-writes.js';
import type { RedisConnections } from '../redis-connections.js';
import { runScript, type Script } from '../scripts/script.js';
import { parseAnswer, parseDeadLetters, parseIds, parsePage, parseSize, parseStored } from './inbox-answers.js';
import { acknowledgeScript, acknowledgeUpToScript, isAcknowledgedScript } from './scripts/acknowledge.lua.js';
import { deadLettersScript, sizeScript, takeDeadLetterScript } from './scripts/dead-letters.lua.js';
import { readScript } from './scripts/read.lua.js';
import { storeScript } from './scripts/store.lua.js';

/** How much {@link RedisInbox} keeps. */
export interface RedisInboxOptions {
  readonly limits?: InboxLimits;
}

/** What {@link RedisInbox} works with. */
export interface RedisInboxDependencies {
  readonly connections: RedisConnections;
}

/** How long devices and dead letters are remembered; an inbox lives on for so long beyond the last that is kept or seen. */
const memoryMs = 604_800_000;
/** What is longer than that is longer than anything runs, and still a number for Redis. */
const longestMs = 100 * 365 * 86_400_000;

type ScriptArgs = readonly (string | number)[];
type DeviceArgs = readonly [deviceId: string, ...rest: ScriptArgs];

/**
 * Inboxes in Redis, one script a call, which touches the keys of one user only. What is over is cleared when its user's inbox is used
 * next, and nobody can see the difference; an inbox that is used no more goes by itself. An inbox begins a new epoch wherever Redis may
 * have lost something (see `position` in scripts/lua.ts), and keeps what is left: devices get again what they can't show to have had.
 * While Redis is out of memory nothing is stored, but what is there can be read and acknowledged.
 */
export class RedisInbox implements Inbox {
  readonly #connections: RedisConnections;
  readonly #limits: InboxLimits;
  /** With Redis' time it makes an epoch of which there is no other. */
  readonly #nonce = createEpoch();
  readonly #writes = new KeptWrites();
  #deadLetterCount = 0;

  constructor({ limits = defaultInboxLimits }: RedisInboxOptions, { connections }: RedisInboxDependencies) {
    this.#connections = connections;
    this.#limits = limits;
  }

  get deadLetterCount(): number {
    return this.#deadLetterCount;
  }

  /** @throws {WscError} beside those of the port WSC_MESSAGE_TOO_LARGE, and WSC_INTERNAL for data that can't be written. */
  async store(userId: string, { message, timeToLiveMs, ackTo }: InboxWrite): Promise<InboxStored> {
    const text = keptMessageText({ message, ...(ackTo !== undefined && { ackTo }) });
    const lifetimeMs = wholeMs(timeToLiveMs ?? this.#limits.timeToLiveMs);
    const { commands, names, writer } = this.#connections;
    const publish = commands.isCluster ? 'SPUBLISH' : 'PUBLISH';
    const rest = [message.id, text, lifetimeMs, this.#limits.maxMessages, publish, names.user(userId), keptBatchHead];
    const answer = await this.#writes.run(text, async () => {
      const args = [await writer.server.lastingFlag(), this.#nonce, lifetimeMs + memoryMs, ...rest];
      return this.#read(await writer.run(storeScript, { keys: names.inboxKeys(userId), args }));
    });
    const stored = parseStored(answer);
    if (stored === 'full') throw new WscError('WSC_LIMIT_EXCEEDED');
    return stored;
  }

  async unacknowledged(userId: string, deviceId: string, request: InboxPageRequest): Promise<InboxPage> {
    const { afterOffset, maxMessages, maxBytes } = request;
    return parsePage(await this.#runFor(readScript, userId, [deviceId, afterOffset, maxMessages, maxBytes]));
  }

  async acknowledge(userId: string, deviceId: string, ids: readonly string[]): Promise<readonly string[]> {
    return parseIds(await this.#runFor(acknowledgeScript, userId, [deviceId, ...ids]));
  }

  async acknowledgeUpTo(userId: string, deviceId: string, { offset, epoch }: StreamPosition): Promise<boolean> {
    return (await this.#runFor(acknowledgeUpToScript, userId, [deviceId, offset, epoch])) === 1;
  }

  async isAcknowledged(userId: string, messageId: string): Promise<boolean> {
    return (await this.#glance(isAcknowledgedScript, userId, [messageId])) === 1;
  }

  async deadLetters(userId: string): Promise<readonly DeadLetter[]> {
    return parseDeadLetters(await this.#glance(deadLettersScript, userId));
  }

  async takeDeadLetter(userId: string, messageId: string): Promise<DeadLetter | undefined> {
    return parseDeadLetters(await this.#glance(takeDeadLetterScript, userId, [messageId]))[0];
  }

  async size(userId: string): Promise<InboxSize> {
    return parseSize(await this.#glance(sizeScript, userId));
  }

  /** The connections stay open: they are not its own. */
  close(): void {
    return;
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async #runFor(script: Script, userId: string, args: DeviceArgs): Promise<unknown> {
    const lifetimeMs = args[0] === unnamedDevice ? unnamedDeviceMemoryMs : 2 * memoryMs;
    try {
      return await this.#run(script, userId, [...(await this.#openingArgs(lifetimeMs)), ...args]);
    } catch (error) {
      throw redisError(error);
    }
  }

  /** @throws {WscError} WSC_UNAVAILABLE */
  async #glance(script: Script, userId: string, args: ScriptArgs = []): Promise<unknown> {
    try {
      return await this.#run(script, userId, args);
    } catch (error) {
      throw redisError(error);
    }
  }

  async #run(script: Script, userId: string, args: ScriptArgs): Promise<unknown> {
    const { commands, names } = this.#connections;
    return this.#read(await runScript(commands, script, { keys: names.inboxKeys(userId), args }));
  }

  #read(scriptAnswer: unknown): unknown {
    const { diedCount, rest } = parseAnswer(scriptAnswer);
    this.#deadLetterCount += diedCount;
    return rest;
  }

  async #openingArgs(lifetimeMs: number): Promise<ScriptArgs> {
    return [await this.#connections.server.lastingFlag(), this.#nonce, lifetimeMs];
  }
}

function wholeMs(ms: number): number {
  return Math.min(Math.max(1, Math.ceil(ms)), longestMs);
}
