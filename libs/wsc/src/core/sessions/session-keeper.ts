import { createHash } from 'node:crypto';
import { adviceFor } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { DisconnectReason } from '../extensions/hooks.js';
import { createSession } from '../ids.js';
import type { Timer } from '../ports/clock.js';
import type { SessionOwner, SessionState } from '../ports/sessions.js';
import type { RoomAccess } from '../rooms/room-access.js';
import type { RoomRegistry } from '../rooms/room-registry.js';
import { sessionsAtOnce, SessionWrites, type OwnSession, type SessionWritesDependencies } from './session-writes.js';

/** What a {@link SessionKeeper} works with. */
export interface SessionKeeperDependencies extends SessionWritesDependencies {
  readonly rooms: RoomRegistry;
  readonly access: RoomAccess;
}

/** What changes of a connection within this time is saved at once. */
const coalesceMs = 250;

/** A session beside its connection, so that a store that misses it can be told of it again. */
interface KeptSession extends OwnSession {
  readonly connection: Connection;
}

/**
 * Keeps, for clients that will resume, what their connections have, so that they go on where they were: on any node, also when this
 * one has died. Clients that did not say that they will resume cost nothing.
 */
export class SessionKeeper {
  readonly #deps: SessionKeeperDependencies;
  readonly #writes: SessionWrites;
  readonly #sessions = new Map<Connection, KeptSession>();
  /** What those go on with that are not in all their rooms again. */
  readonly #restoring = new Map<Connection, SessionState>();
  readonly #changed = new Set<Connection>();
  #saveTimer: Timer | undefined;
  #extendTimer: Timer | undefined;

  constructor(dependencies: SessionKeeperDependencies) {
    this.#deps = dependencies;
    this.#writes = new SessionWrites(dependencies);
  }

  /** Makes a session for a connection. Answers its secret. */
  begin(connection: Connection): string {
    const secret = createSession();
    this.#begin(connection, sessionIdOf(secret));
    return secret;
  }

  /**
   * Makes a session for a connection, in place of the one that it had, and takes what was kept under another one's secret. Until
   * {@link SessionKeeper.restored} that is what is kept of the connection: whoever does not hear the answer comes back for it.
   * @throws {WscError} WSC_UNAVAILABLE; then it has the session that it had.
   */
  async goOn(connection: Connection, former: string): Promise<{ secret: string; state: SessionState | undefined }> {
    const secret = createSession();
    const sessionId = sessionIdOf(secret);
    // A client that comes for the first time has none, and says so.
    const state = former === '' ? undefined : await this.#take(connection, former, sessionId);
    // Of one that is gone nobody would ever forget it.
    if (connection.state !== 'closed') this.#begin(connection, sessionId, state);
    return { secret, state };
  }

  /** It has what it could get of what it goes on with. */
  restored(connection: Connection): void {
    if (this.#restoring.delete(connection)) this.changed(connection);
  }

  /** It has joined or left a room, or become another type of user. */
  changed(connection: Connection): void {
    if (!this.#sessions.has(connection)) return;
    this.#changed.add(connection);
    this.#saveTimer ??= this.#deps.clock.after(coalesceMs, () => this.#saveChanged());
  }

  /** Its link is gone. To be called while it is in its rooms still. */
  closed(connection: Connection, { code }: DisconnectReason): void {
    if (adviceFor(code) === 'stop') {
      this.end(connection);
      return;
    }
    const session = this.#sessions.get(connection);
    if (session === undefined) return;
    this.#writes.saveLast(session, { ...this.#stateOf(connection), isClosed: true });
    this.#forget(connection);
  }

  /** Its client must not come back to what it has. */
  end(connection: Connection): void {
    const session = this.#sessions.get(connection);
    if (session === undefined) return;
    this.#writes.remove(session);
    this.#forget(connection);
  }

  /** Nor to what a user's connections had that ended just now. What is kept already stays. */
  endUnwritten(userId: string): void {
    this.#writes.removeOf(userId);
  }

  /** Settles once nothing is being saved. */
  settled(): Promise<void> {
    return this.#writes.settled();
  }

  close(): void {
    this.#stopTimers();
    this.#writes.close();
  }

  #begin(connection: Connection, sessionId: string, state?: SessionState): void {
    const former = this.#sessions.get(connection);
    if (former !== undefined) this.#writes.remove(former);
    this.#sessions.set(connection, { sessionId, userId: connection.userId, keptUntil: Infinity, connection });
    if (state !== undefined) this.#restoring.set(connection, state);
    this.#extendTimer ??= this.#planExtension();
    this.changed(connection);
  }

  #forget(connection: Connection): void {
    this.#sessions.delete(connection);
    this.#changed.delete(connection);
    this.#restoring.delete(connection);
    if (this.#sessions.size === 0) this.#stopTimers();
  }

  /** Each time anew: the window may have changed. */
  #planExtension(): Timer {
    const { clock, windowMs } = this.#deps;
    return clock.after(Math.max(1_000, windowMs() / 3), () => {
      this.#extendTimer = this.#planExtension();
      this.#extend();
    });
  }

  async #take(connection: Connection, former: string, sessionId: string): Promise<SessionState | undefined> {
    const { sessions, windowMs } = this.#deps;
    const successor = { sessionId, timeToLiveMs: windowMs() };
    const state = await sessions.take(sessionIdOf(former), ownerOf(connection), successor);
    // It would go on for itself.
    return state?.connectionId === connection.id ? undefined : state;
  }

  #saveChanged(): void {
    this.#saveTimer = undefined;
    let count = 0;
    for (const connection of this.#changed) {
      const session = this.#sessions.get(connection);
      this.#changed.delete(connection);
      if (session === undefined) continue;
      this.#writes.save(session, () => this.#stateOf(connection));
      if ((count += 1) < sessionsAtOnce) continue;
      this.#saveTimer = this.#deps.clock.after(1, () => this.#saveChanged());
      return;
    }
  }

  /** Those that the store has lost, or that were too large for it, are tried anew. */
  #extend(): void {
    const sessions = [...this.#sessions.values()];
    for (let start = 0; start < sessions.length; start += sessionsAtOnce) {
      const some = sessions.slice(start, start + sessionsAtOnce);
      this.#writes.extend(some, ({ connection }) => this.changed(connection));
    }
  }

  #stateOf(connection: Connection): SessionState {
    const restoring = this.#restoring.get(connection);
    const owner = ownerOf(connection);
    if (restoring !== undefined) return { ...restoring, owner, connectionId: connection.id, isClosed: false };
    const { rooms, access } = this.#deps;
    const byClient = new Set(access.roomsJoinedByClient(connection));
    return {
      owner,
      connectionId: connection.id,
      isClosed: false,
      rooms: connection.rooms.map((room) => ({
        room,
        role: rooms.get(room)?.roleOf(connection) ?? 'member',
        isByClient: byClient.has(room),
      })),
      metadata: Object.fromEntries(connection.usedMetadata ?? []),
    };
  }

  #stopTimers(): void {
    this.#saveTimer?.cancel();
    this.#extendTimer?.cancel();
    this.#saveTimer = undefined;
    this.#extendTimer = undefined;
  }
}

/** A session is kept by its hash: who reads the store can't resume anybody's. */
function sessionIdOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}

function ownerOf({ userId, deviceId, userType }: Connection): SessionOwner {
  return { userId, deviceId, userType };
}
