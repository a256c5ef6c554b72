import { closeCodes, WscError } from '@nest-wsc/protocol';
import { isA } from '../async/as-error.js';
import type { Connection } from '../connections/connection.js';
import type { ConnectionRegistry } from '../connections/connection-registry.js';
import type { Hooks } from '../extensions/hooks.js';
import { inboxDeviceOf } from '../inbox/inbox-device.js';
import type { InboxReaders } from '../inbox/inbox-readers.js';
import type { MessageContext } from '../messages/message-context.js';
import type { Cluster } from '../ports/cluster.js';
import type { Inbox } from '../ports/inbox.js';
import type { Logger } from '../ports/logger.js';
import type { SessionRoom, SessionState } from '../ports/sessions.js';
import type { StreamPosition } from '../ports/streams.js';
import type { Membership } from '../rooms/membership.js';
import type { RoomAccess } from '../rooms/room-access.js';
import type { Counters } from '../stats.js';
import type { Recovery, RoomStart } from '../streams/recovery.js';
import type { SessionKeeper } from './session-keeper.js';

/** What a {@link Resumption} works with. */
export interface ResumptionDependencies {
  readonly keeper: SessionKeeper;
  readonly connections: ConnectionRegistry;
  readonly cluster: Cluster;
  readonly membership: Membership;
  readonly access: RoomAccess;
  readonly recovery: Recovery;
  readonly inbox: Inbox;
  readonly inboxReaders: InboxReaders;
  readonly hooks: Hooks<Connection, MessageContext>;
  readonly counters: Counters;
  readonly logger: Logger;
}

/** What a client that comes back says it had (PROTOCOL.md §6.4). */
export interface ResumeRequest {
  readonly session: string;
  readonly inbox: StreamPosition | undefined;
  readonly rooms: ReadonlyMap<string, StreamPosition>;
}

/** What became of a room: where the client goes on in it, or why it is not in it. */
export type ResumedRoom =
  | { readonly isIn: true; readonly start: RoomStart; readonly since: StreamPosition | undefined }
  | { readonly isIn: false; readonly error: WscError['error'] };

/** What a client that came back has again. */
export interface Resumed {
  /** Absent: it has nothing again, for this reason. */
  readonly reason?: 'unknown' | 'refused';
  /** The secret of the new session. */
  readonly session: string;
  readonly rooms: ReadonlyMap<string, ResumedRoom>;
  /** Whether what its device had received counts; absent where it said nothing. */
  readonly isInboxKnown?: boolean;
}

/**
 * Lets a client go on where its last connection ended, on whichever node that was: in its rooms, from its positions, with the
 * application's metadata. A session is taken once, by its user and device only; every policy is asked again.
 */
export class Resumption {
  readonly #deps: ResumptionDependencies;

  constructor(dependencies: ResumptionDependencies) {
    this.#deps = dependencies;
  }

  /** What was missed follows after {@link Resumption.release}. @throws {WscError} WSC_UNAVAILABLE */
  async resume(connection: Connection, request: ResumeRequest): Promise<Resumed> {
    const { keeper } = this.#deps;
    const isInboxKnown = await this.#acknowledge(connection, request.inbox);
    const inbox = isInboxKnown === undefined ? {} : { isInboxKnown };
    const { secret: session, state } = await keeper.goOn(connection, request.session);
    if (state === undefined) return { reason: 'unknown', session, rooms: new Map(), ...inbox };
    try {
      await this.#replacePredecessor(state);
      if (!(await this.#isAllowed(connection, state)))
        return { reason: 'refused', session, rooms: new Map(), ...inbox };
      restoreMetadata(connection, state);
      const rooms = await Promise.all(
        state.rooms.map(
          async (room) => [room.room, await this.#rejoin(connection, room, request.rooms.get(room.room))] as const,
        ),
      );
      this.#deps.counters.resumedSessions += 1;
      return { session, rooms: new Map(rooms), ...inbox };
    } finally {
      keeper.restored(connection);
    }
  }

  /** The client knows what it has again: it hears what follows. */
  release(connection: Connection, { rooms }: Resumed): void {
    const { recovery, inboxReaders } = this.#deps;
    for (const [room, resumed] of rooms) if (resumed.isIn) recovery.release(connection, room, resumed.start);
    inboxReaders.start(connection);
  }

  async #acknowledge(connection: Connection, position: StreamPosition | undefined): Promise<boolean | undefined> {
    const { userId } = connection;
    if (position === undefined || userId === undefined) return undefined;
    return this.#deps.inbox.acknowledgeUpTo(userId, inboxDeviceOf(connection), position);
  }

  /** A connection that was not seen to end yet must not stay beside the one that goes on for it. */
  async #replacePredecessor({ connectionId, isClosed }: SessionState): Promise<void> {
    if (isClosed) return;
    const { connections, cluster } = this.#deps;
    const here = connections.get(connectionId);
    if (here !== undefined) here.close('replaced');
    else await cluster.ask('others', { kind: 'closeConnection', connectionId, closeCode: closeCodes.replaced });
  }

  async #isAllowed(connection: Connection, { rooms, metadata }: SessionState): Promise<boolean> {
    try {
      await this.#deps.hooks.resume(connection, { rooms: rooms.map(({ room }) => room), metadata });
      return true;
    } catch (cause) {
      if (!isA(WscError, cause))
        this.#deps.logger.error('A resume callback failed.', { connectionId: connection.id, cause });
      return false;
    }
  }

  async #rejoin(
    connection: Connection,
    { room, role, isByClient }: SessionRoom,
    since: StreamPosition | undefined,
  ): Promise<ResumedRoom> {
    const { access, membership } = this.#deps;
    try {
      if (isByClient) await access.requireJoin(connection, room);
      const start = await membership.joinFrom(connection, room, { role, since });
      if (isByClient) access.joinedByClient(connection, room);
      return { isIn: true, start, since };
    } catch (error) {
      if (isA(WscError, error)) return { isIn: false, error: error.error };
      this.#deps.logger.error('A room could not be joined again.', { room, cause: error });
      return { isIn: false, error: 'WSC_INTERNAL' };
    }
  }
}

/** What the connection has by now, by its new claims for example, is newer. */
function restoreMetadata(connection: Connection, { metadata }: SessionState): void {
  for (const [key, value] of Object.entries(metadata))
    if (!connection.metadata.has(key)) connection.metadata.set(key, value);
}
