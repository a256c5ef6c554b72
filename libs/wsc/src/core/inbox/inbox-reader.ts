import type { Connection } from '../connections/connection.js';
import { MessageEncoder } from '../messages/message-encoder.js';
import type { OutboundMessage } from '../messages/message.js';
import type { Clock } from '../ports/clock.js';
import type { Inbox, InboxEntry } from '../ports/inbox.js';
import type { StreamPosition } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RecordKeeper } from '../records/record-keeper.js';
import type { Counters } from '../stats.js';
import { inboxDeviceOf } from './inbox-device.js';

/** What an {@link InboxReader} works with. */
export interface InboxReaderDependencies {
  readonly clock: Clock;
  readonly inbox: Inbox;
  readonly namespaces: NamespaceTable;
  readonly counters: Counters;
  readonly recordKeeper: RecordKeeper;
}

/** Whose inbox, on which connection. */
export interface InboxOwner {
  readonly connection: Connection;
  readonly userId: string;
}

/** A message that has left for the device. */
interface Given {
  readonly offset: number;
  /** Monotonic. */
  readonly givenAt: number;
}

/** Messages that a device has not acknowledged yet, at a time. */
const windowSize = 32;
const pageBytes = 256 * 1024;
/** What was not acknowledged comes again after so long, and then after twice as long each time, up to the longest. */
const firstRepeatMs = 10_000;
const longestRepeatMs = 60_000;

/**
 * Brings one connection what waits in its user's inbox: in order, a window at a time, each message until the device acknowledges it.
 * What comes by the broker is only a hint; what is given is what the inbox has (guarantee G8).
 */
export class InboxReader {
  readonly #deps: InboxReaderDependencies;
  readonly #owner: InboxOwner;
  /** Given and not acknowledged, by message id, in the order they were given. Most connections have none. */
  #given: Map<string, Given> | undefined;
  #givenUpTo = 0;
  /** What is above it comes to this connection for the first time. */
  #highestGiven = 0;
  #epoch: string | undefined;
  /** Which device it was when it read last. */
  #readAs: string | undefined;
  /** Whether the inbox may have more than was given. */
  #hasMore = true;
  #isRunning = false;
  /** How often the oldest of what was given has come again. */
  #repeats = 0;
  /** Given to a client that can't acknowledge: it counts as received once it has left. */
  #unacknowledgeable: string[] | undefined;
  /** Monotonic; when the inbox is read again though nothing has come. */
  checkAt = 0;

  constructor(owner: InboxOwner, dependencies: InboxReaderDependencies) {
    this.#owner = owner;
    this.#deps = dependencies;
  }

  /** Gives what there is, as far as the window and the link take it. Rejects where the inbox can't be read; call it again then. */
  async run(): Promise<void> {
    this.#hasMore = true;
    await this.#runOn();
  }

  /** Whether a message was given and is not acknowledged. */
  isGiven(messageId: string): boolean {
    return this.#given?.has(messageId) === true;
  }

  /**
   * The broker has brought a message. Gives it at once where it is the next one, and answers whether it did; else `run` it.
   * Never throws.
   */
  offer(message: OutboundMessage, { offset, epoch }: StreamPosition): boolean {
    if (this.#epoch === epoch && offset <= this.#givenUpTo) return false;
    const isNext = this.#epoch === epoch && offset === this.#givenUpTo + 1 && !this.#hasMore && !this.#isRunning;
    // The inbox may not know its device yet: reading it makes it known.
    const isKnown = this.#readAs === inboxDeviceOf(this.#owner.connection);
    if (!isNext || !isKnown || this.#givenCount >= windowSize || this.#owner.connection.isBlocked) {
      this.#hasMore = true;
      return false;
    }
    return this.#give({ message, offset });
  }

  /**
   * The device has these. Answers those that were waiting for it or had been given to it: a client can acknowledge anything. Rejects where
   * the inbox can't be told; they come again then.
   */
  async acknowledge(ids: readonly string[]): Promise<ReadonlySet<string>> {
    const { userId, connection } = this.#owner;
    const { inbox, counters, recordKeeper } = this.#deps;
    const waiting = await inbox.acknowledge(userId, inboxDeviceOf(connection), ids);
    counters.acknowledgedMessages += waiting.length;
    const known = new Set(waiting);
    const oldest = this.#oldest;
    for (const id of ids) if (this.#given?.delete(id) === true) known.add(id);
    for (const id of known) recordKeeper.note(userId, { id, status: 'acked', deviceId: connection.deviceId });
    if (this.#oldest !== oldest) this.#repeats = 0;
    return known;
  }

  /** Whether there is something to do: more to give and a window that takes it, something to give again, or to tell the inbox. */
  isDue(now: number): boolean {
    if (this.#repeatAt <= now || this.#unacknowledgeable !== undefined) return true;
    return this.#hasMore && !this.#isRunning && this.#givenCount <= windowSize / 2;
  }

  /** What was given and not acknowledged for too long is given again, from the oldest on. */
  rewindWhereDue(now: number): void {
    const oldest = this.#oldest;
    if (oldest === undefined || this.#repeatAt > now || this.#isRunning) return;
    this.#repeats += 1;
    this.#givenUpTo = oldest.offset - 1;
    this.#given = undefined;
    this.#hasMore = true;
  }

  async #runOn(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    try {
      while (this.#mayGive()) if (!(await this.#givePage())) break;
    } finally {
      this.#isRunning = false;
    }
  }

  #mayGive(): boolean {
    const { connection } = this.#owner;
    return this.#hasMore && !connection.isClosed && !connection.isBlocked && this.#givenCount < windowSize;
  }

  /** Answers false where there is no more. */
  async #givePage(): Promise<boolean> {
    const { userId, connection } = this.#owner;
    const deviceId = inboxDeviceOf(connection);
    this.#hasMore = false;
    this.#readAs = deviceId;
    try {
      const limit = { maxMessages: windowSize - this.#givenCount, maxBytes: pageBytes };
      const page = await this.#deps.inbox.unacknowledged(userId, deviceId, { afterOffset: this.#givenUpTo, ...limit });
      if (!this.#isEpoch(page.epoch)) return true;
      // One that the link does not take has closed it.
      for (const entry of page.entries) if (!this.#give(entry)) break;
      // A page may have been cut by its bytes.
      if (page.entries.length > 0) this.#hasMore = true;
    } catch (error) {
      this.#hasMore = true;
      throw error;
    }
    await this.#passUnacknowledgeable();
    return this.#hasMore;
  }

  /** Of another one, everything is read from its beginning. */
  #isEpoch(epoch: string): boolean {
    const isSame = this.#epoch === undefined || this.#epoch === epoch;
    this.#epoch = epoch;
    if (isSame) return true;
    this.#givenUpTo = 0;
    this.#highestGiven = 0;
    this.#given = undefined;
    this.#hasMore = true;
    return false;
  }

  #give({ message, offset }: InboxEntry): boolean {
    const { connection } = this.#owner;
    const position = { offset, epoch: this.#epoch ?? '' };
    const encoder = new MessageEncoder(message, this.#deps.namespaces, { isBroadcast: false, position });
    if (!connection.pushEncoded(encoder.encodedFor(connection.encoding, this.#canAck))) return false;
    this.#deps.counters.messagesSent += 1;
    this.#givenUpTo = offset;
    this.#noteGiven(message, offset);
    if (!this.#canAck) (this.#unacknowledgeable ??= []).push(message.id);
    else (this.#given ??= new Map<string, Given>()).set(message.id, { offset, givenAt: this.#deps.clock.monotonic() });
    return true;
  }

  #noteGiven({ id, timestamp }: OutboundMessage, offset: number): void {
    if (offset <= this.#highestGiven) {
      this.#deps.counters.redelivered += 1;
      return;
    }
    this.#highestGiven = offset;
    this.#deps.recordKeeper.note(this.#owner.userId, { id, status: 'sent', queuedAt: timestamp });
  }

  get #givenCount(): number {
    return this.#given?.size ?? 0;
  }

  get #canAck(): boolean {
    return this.#owner.connection.canAck;
  }

  get #oldest(): Given | undefined {
    return this.#given?.values().next().value;
  }

  /** Monotonic; when what was given comes again. What has been given since puts nothing off. */
  get #repeatAt(): number {
    const oldest = this.#oldest;
    if (oldest === undefined) return Infinity;
    return oldest.givenAt + Math.min(longestRepeatMs, firstRepeatMs * 2 ** this.#repeats);
  }

  /** A client that can't say so has what its link has taken. */
  async #passUnacknowledgeable(): Promise<void> {
    if (this.#unacknowledgeable === undefined) return;
    await new Promise<void>((resolve) => this.#deps.clock.nextTurn(resolve));
    const { connection } = this.#owner;
    if (connection.isBlocked || connection.isClosed) return;
    const ids = this.#unacknowledgeable;
    this.#unacknowledgeable = undefined;
    try {
      await this.acknowledge(ids);
    } catch (error) {
      this.#unacknowledgeable = ids;
      throw error;
    }
  }
}
