import { createHash } from 'node:crypto';
import { adviceFor, WscError } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { DisconnectReason } from '../extensions/hooks.js';
import { createSession } from '../ids.js';
import type { Clock, Timer } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { SessionOwner, Sessions, SessionState } from '../ports/sessions.js';
import type { RoomAccess } from '../rooms/room-access.js';
import type { RoomRegistry } from '../rooms/room-registry.js';

/** What a {@link SessionKeeper} works with. */
export interface SessionKeeperDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  readonly rooms: RoomRegistry;
  readonly access: RoomAccess;
  /** For how long a client may come back. */
  readonly windowMs: () => number;
}

/** What changes of a connection within this time is saved at once. */
const coalesceMs = 250;
/** Asked for at a time: a drain ends thousands of connections. */
const savedAtOnce = 500;

/**
 * Keeps, for clients that will resume, what their connections have, so that they go on where they were: on any node, also when this
 * one has died. Clients that did not say that they will resume cost nothing.
 */
export class SessionKeeper {
  readonly #deps: SessionKeeperDependencies;
  readonly #sessionIds = new Map<Connection, string>();
  /** What those go on with that are not in all their rooms again. */
  readonly #restoring = new Map<Connection, SessionState>();
  readonly #changed = new Set<Connection>();
  readonly #saving = new Set<Promise<void>>();
  #saveTimer: Timer | undefined;
  #extendTimer: Timer | undefined;
  #hasWarned = false;

  constructor(dependencies: SessionKeeperDependencies) {
    this.#deps = dependencies;
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

  /** It has joined or left a room. */
  changed(connection: Connection): void {
    if (!this.#sessionIds.has(connection)) return;
    this.#changed.add(connection);
    this.#saveTimer ??= this.#deps.clock.after(coalesceMs, () => this.#saveChanged());
  }

  /** Its link is gone. To be called while it is in its rooms still. */
  closed(connection: Connection, { code }: DisconnectReason): void {
    const sessionId = this.#sessionIds.get(connection);
    if (sessionId === undefined) return;
    this.#sessionIds.delete(connection);
    this.#changed.delete(connection);
    if (this.#sessionIds.size === 0) this.#stopTimers();
    const { sessions, windowMs } = this.#deps;
    if (adviceFor(code) === 'stop') this.#track(async () => sessions.remove(sessionId));
    else {
      const state = { ...this.#stateOf(connection), isClosed: true };
      this.#track(async () => sessions.save(sessionId, state, windowMs()));
    }
    this.#restoring.delete(connection);
  }

  /** Settles once nothing is being saved. */
  async settled(): Promise<void> {
    while (this.#saving.size > 0) await Promise.all(this.#saving);
  }

  close(): void {
    this.#stopTimers();
  }

  #begin(connection: Connection, sessionId: string, state?: SessionState): void {
    const former = this.#sessionIds.get(connection);
    if (former !== undefined) this.#track(async () => this.#deps.sessions.remove(former));
    this.#sessionIds.set(connection, sessionId);
    if (state !== undefined) this.#restoring.set(connection, state);
    this.#extendTimer ??= this.#planExtension();
    this.changed(connection);
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
    const { sessions, windowMs } = this.#deps;
    let count = 0;
    for (const connection of this.#changed) {
      const sessionId = this.#sessionIds.get(connection);
      this.#changed.delete(connection);
      if (sessionId === undefined) continue;
      this.#track(async () => sessions.save(sessionId, this.#stateOf(connection), windowMs()));
      if ((count += 1) < savedAtOnce) continue;
      this.#saveTimer = this.#deps.clock.after(1, () => this.#saveChanged());
      return;
    }
  }

  #extend(): void {
    const { sessions, windowMs } = this.#deps;
    const ids = [...this.#sessionIds.values()];
    for (let start = 0; start < ids.length; start += savedAtOnce) {
      this.#track(async () => sessions.extend(ids.slice(start, start + savedAtOnce), windowMs()));
    }
  }

  #stateOf(connection: Connection): SessionState {
    const restoring = this.#restoring.get(connection);
    if (restoring !== undefined) return { ...restoring, connectionId: connection.id, isClosed: false };
    const { rooms, access } = this.#deps;
    const byClient = new Set(access.roomsJoinedByClient(connection));
    return {
      owner: ownerOf(connection),
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

  /** What can't be kept is only missed by who comes back, and that client is told so. */
  #track(work: () => Promise<void>): void {
    const saving = work()
      .catch((cause: unknown) => this.#report(cause))
      .finally(() => this.#saving.delete(saving));
    this.#saving.add(saving);
  }

  #report(cause: unknown): void {
    const { logger } = this.#deps;
    const isTooLarge = cause instanceof WscError && cause.error === 'WSC_LIMIT_EXCEEDED';
    if (!isTooLarge || this.#hasWarned) { logger.debug('A session could not be kept.', { cause }); return; }
    this.#hasWarned = true;
    logger.warn('A session is too large to be kept. Its client will not be in its rooms again when it comes back.', {
      cause,
    });
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

function ownerOf({ userId, deviceId }: Connection): SessionOwner {
  return { userId, deviceId };
}
