import type { Connection } from '../connections/connection.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import type { OutboundMessage } from '../messages/message.js';
import type { DeliveryCount } from '../ports/broker.js';
import type { Clock, Timer } from '../ports/clock.js';
import { silentDevice, type Inbox } from '../ports/inbox.js';
import type { Logger } from '../ports/logger.js';
import type { StreamPosition } from '../ports/streams.js';
import type { NamespaceTable } from '../rooms/namespace-table.js';
import type { RecordKeeper } from '../records/record-keeper.js';
import type { Counters } from '../stats.js';
import { inboxDeviceOf } from './inbox-device.js';
import { InboxReader } from './inbox-reader.js';

/** What {@link InboxReaders} work with. */
export interface InboxReadersDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly inbox: Inbox;
  readonly connections: ConnectionRegistry;
  readonly namespaces: NamespaceTable;
  readonly counters: Counters;
  readonly recordKeeper: RecordKeeper;
}

/** How often it is looked for readers that have something to do. */
const lookMs = 2_500;
/** A message that the broker has lost is found after so long. */
const checkMs = 30_000;
/** Devices that the inbox is told of at a time: what clients do now does not wait behind all of them. */
const toldAtOnce = 200;

/** The inboxes of the users who are connected to this node, each connection with a {@link InboxReader} of its own. */
export class InboxReaders {
  readonly #deps: InboxReadersDependencies;
  readonly #readers = new Map<Connection, InboxReader>();
  #looks: Timer | undefined;

  constructor(dependencies: InboxReadersDependencies) {
    this.#deps = dependencies;
  }

  /** Its client takes what waits for it. Anonymous connections have no inbox. */
  start(connection: Connection): void {
    const { userId } = connection;
    if (userId === undefined || connection.isClosed || this.#readers.has(connection)) return;
    const reader = new InboxReader({ connection, userId }, this.#deps);
    this.#readers.set(connection, reader);
    this.#looks ??= this.#deps.clock.every(lookMs, this.#look);
    this.#run(reader);
  }

  /** Its client will say what it has, before it takes the rest: what others acknowledge meanwhile waits for it all the same. Never rejects. */
  async expect(connection: Connection): Promise<void> {
    const { userId } = connection;
    const deviceId = inboxDeviceOf(connection);
    if (userId === undefined || deviceId === silentDevice) return;
    try {
      await this.#deps.inbox.acknowledge(userId, deviceId, []);
    } catch (cause) {
      // It is known once it reads.
      this.#deps.logger.debug('The inbox could not be told of a device.', { cause });
    }
  }

  /** The inbox may have forgotten who is there. What comes from now on waits for each of them again. Never rejects. */
  async expectAll(): Promise<void> {
    let batch: Promise<void>[] = [];
    for (const connection of this.#deps.connections.all()) {
      if (connection.isWelcomed) batch.push(this.expect(connection));
      if (batch.length < toldAtOnce) continue;
      await Promise.all(batch);
      batch = [];
    }
    await Promise.all(batch);
  }

  /** A message that the inbox keeps has come. Answers what became of it on this node, as far as that is known. Never throws. */
  arrived(userId: string, message: OutboundMessage, position: StreamPosition): DeliveryCount {
    let queued = 0;
    for (const connection of this.#deps.connections.ofUser(userId)) {
      const reader = this.#readers.get(connection);
      if (reader === undefined) continue;
      // It may have come before, by the broker or from its sender.
      if (reader.offer(message, position) || reader.isGiven(message.id)) queued += 1;
      if (reader.isDue(this.#deps.clock.monotonic())) this.#run(reader);
    }
    return { queued, dropped: 0 };
  }

  /**
   * A device acknowledges messages. Those of its inbox are noted there. @param unknown those of `ids` that nobody else has waited for:
   * if its inbox does not know them either, they are ignored. Never rejects.
   */
  async acknowledge(connection: Connection, ids: readonly string[], unknown: readonly string[]): Promise<void> {
    const { counters, logger } = this.#deps;
    const reader = this.#readers.get(connection);
    if (reader === undefined) {
      counters.ignoredAcks += unknown.length;
      return;
    }
    const strangers = new Set(unknown);
    const own = ids.filter((id) => strangers.has(id) || reader.isGiven(id));
    if (own.length === 0) return;
    try {
      const known = await reader.acknowledge(own);
      counters.ignoredAcks += unknown.filter((id) => !known.has(id)).length;
      if (reader.isDue(this.#deps.clock.monotonic())) this.#run(reader);
    } catch (cause) {
      logger.debug('Acknowledgements could not be noted; their messages come again.', { cause });
    }
  }

  /** The link of a connection takes more. */
  drained(connection: Connection): void {
    const reader = this.#readers.get(connection);
    if (reader !== undefined) this.#run(reader);
  }

  forget(connection: Connection): void {
    this.#readers.delete(connection);
    if (this.#readers.size === 0) this.close();
  }

  close(): void {
    this.#looks?.cancel();
    this.#looks = undefined;
  }

  readonly #look = (): void => {
    const now = this.#deps.clock.monotonic();
    for (const reader of this.#readers.values()) {
      reader.rewindWhereDue(now);
      if (reader.isDue(now) || reader.checkAt <= now) this.#run(reader);
    }
  };

  /** Spread, so that not all who came together ask together. */
  #nextCheck(): number {
    return this.#deps.clock.monotonic() + checkMs * (0.75 + Math.random() / 2);
  }

  #run(reader: InboxReader): void {
    reader.checkAt = this.#nextCheck();
    reader.run().catch((cause: unknown) => {
      // The next look tries it again.
      this.#deps.logger.debug('An inbox could not be read; it will be tried again.', { cause });
    });
  }
}
