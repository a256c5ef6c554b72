import { asError } from '../async/as-error.js';
import { whenReady, type MaybePromise } from '../async/maybe-promise.js';
import type { InboxReaders } from '../inbox/inbox-readers.js';
import type { DeliveryCount } from '../ports/broker.js';
import type { Clock } from '../ports/clock.js';
import { defaultInboxLimits, type Inbox, type InboxStored, type InboxWrite } from '../ports/inbox.js';
import type { StreamLimits, StreamPosition, Streams, StreamWrite } from '../ports/streams.js';
import type { RecordKeeper } from '../records/record-keeper.js';
import { keptNote, refusalNote } from '../records/send-notes.js';
import type { Counters } from '../stats.js';
import type { RoomFeeds } from '../streams/room-feeds.js';
import type { KnownAcknowledger } from './acknowledgement.js';
import type { OutboundMessage, SendResult } from './message.js';
import { parseVersion, type StreamSend } from './send-options.js';

/** What {@link KeptSends} work with. */
export interface KeptSendsDependencies {
  readonly clock: Clock;
  readonly streams: Streams;
  readonly inbox: Inbox;
  readonly feeds: RoomFeeds;
  readonly inboxReaders: InboxReaders;
  readonly recordKeeper: RecordKeeper;
  readonly counters: Counters;
  /** For how long a message id stands for one message. 0: each send counts. */
  readonly onceWindowMs: () => number;
}

/** What became of a message that is kept. */
export interface KeptSend {
  /** Where it is, and whether that is this send's doing. */
  readonly place: Pick<SendResult, 'id' | 'isRepeat' | 'isStale'> & StreamPosition;
  /** What this node has done with it, as far as that is known; undefined where the send had no effect. */
  readonly count?: DeliveryCount;
}

/** Stores messages, in the history of a room or the inbox of a user, from where they reach whoever is connected. */
export class KeptSends {
  readonly #deps: KeptSendsDependencies;

  constructor(dependencies: KeptSendsDependencies) {
    this.#deps = dependencies;
  }

  /** @throws {WscError} as `Streams.append`; WSC_VALIDATION_FAILED for a version that is none. */
  toRoom(
    message: OutboundMessage,
    limits: StreamLimits,
    { room, exceptConnectionId, version, onceKey }: StreamSend,
  ): MaybePromise<KeptSend> {
    const { streams, feeds, counters, onceWindowMs } = this.#deps;
    const windowMs = onceWindowMs();
    const except = exceptConnectionId === undefined ? {} : { exceptConnectionId };
    const write: StreamWrite = {
      message,
      limits,
      ...except,
      ...(onceKey !== undefined && windowMs > 0 && { once: { key: onceKey, windowMs } }),
      ...(version !== undefined && { version: { key: message.key ?? message.event, value: parseVersion(version) } }),
    };
    return whenReady(streams.append(room, write), ({ status, id, position }) => {
      const place = { id, ...position };
      if (status === 'repeated') return { place: { ...place, isRepeat: true } };
      if (status === 'stale') return { place: { ...place, isStale: true } };
      counters.storedMessages += 1;
      // The broker brings it too; whichever comes first counts.
      const entry = { offset: position.offset, message, ...except };
      return { place, count: feeds.arrived(room, entry, position.epoch) };
    });
  }

  /** @param sent as it came, before interceptors. @throws {WscError} as `Inbox.store`; then it is recorded, so that it can be sent again. */
  toUser(userId: string, write: InboxWrite, sent: OutboundMessage): MaybePromise<KeptSend> {
    return whenReady(this.#store(userId, write, sent), ({ status, position }) => {
      const { clock, counters, recordKeeper, inboxReaders } = this.#deps;
      const { message, timeToLiveMs = defaultInboxLimits.timeToLiveMs } = write;
      const place = { id: message.id, ...position };
      if (status === 'repeated') return { place: { ...place, isRepeat: true } };
      counters.storedMessages += 1;
      recordKeeper.note(userId, keptNote(message, clock.now() + timeToLiveMs));
      // The broker brings it too; whichever comes first counts.
      return { place, count: inboxReaders.arrived(userId, message, position) };
    });
  }

  /** Who has a message that is, or was, in an inbox; undefined where nobody is known to. Never rejects. */
  async acknowledgedBy(userId: string, messageId: string): Promise<KnownAcknowledger | undefined> {
    const { inbox, recordKeeper } = this.#deps;
    try {
      if (!(await inbox.isAcknowledged(userId, messageId))) return undefined;
    } catch {
      return undefined;
    }
    const record = await recordKeeper.get(userId, messageId).catch(() => undefined);
    return record?.deviceId === undefined ? {} : { deviceId: record.deviceId };
  }

  #store(userId: string, write: InboxWrite, sent: OutboundMessage): MaybePromise<InboxStored> {
    const refused = (error: unknown): never => {
      const note = refusalNote(sent, error);
      if (note !== undefined) this.#deps.recordKeeper.note(userId, note);
      throw asError(error);
    };
    try {
      const stored = this.#deps.inbox.store(userId, write);
      return stored instanceof Promise ? stored.catch(refused) : stored;
    } catch (error) {
      return refused(error);
    }
  }
}
