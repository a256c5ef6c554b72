import type { MaybePromise } from '../async/maybe-promise.js';
import type { Role } from '../rooms/room.js';

/** A room that a connection was in. */
export interface SessionRoom {
  readonly room: string;
  readonly role: Role;
  /** Whether its client joined by itself, so that the room's policy is asked again. */
  readonly isByClient: boolean;
}

/** Where a session is kept: those of one user are together. */
export interface SessionPlace {
  readonly sessionId: string;
  /** Undefined: anonymous. */
  readonly userId: string | undefined;
}

/** Who a session belongs to: nobody else can take it. */
export interface SessionOwner {
  /** Undefined: anonymous. */
  readonly userId: string | undefined;
  readonly deviceId: string;
  /** A user who has become another type comes as a new one: what they were let into was decided for the former. */
  readonly userType?: string | undefined;
}

/** What a connection has that another one, made later by the same device, can go on with. */
export interface SessionState {
  readonly owner: SessionOwner;
  readonly connectionId: string;
  /** Whether the connection was seen to end; else it may be open still. */
  readonly isClosed: boolean;
  readonly rooms: readonly SessionRoom[];
  /** The application's own facts, as far as JSON can write them. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The session that takes the place of one that is taken. */
export interface SessionSuccessor {
  readonly sessionId: string;
  /** For how long the former one leads to it. */
  readonly timeToLiveMs: number;
}

/**
 * Keeps what connections have, under the hash of a secret, on whichever node they come back. Promises: taken once, by its owner only;
 * gone after its time; what was taken with a successor, or ended by {@link Sessions.removeOf}, is kept no more, however late its node
 * saves it, within the time that it had. Does not promise: the newest state of a connection whose node died within a second of a change.
 */
export interface Sessions {
  /**
   * Keeps the state, or replaces what is kept under this id; the user stays the same. Answers whether it did: not what was taken or ended.
   * @throws {WscError} WSC_UNAVAILABLE; WSC_LIMIT_EXCEEDED: what is kept stays.
   */
  save(sessionId: string, state: SessionState, timeToLiveMs: number): MaybePromise<boolean>;
  /** As {@link Sessions.save}, but only where it is kept still: for who can't know whether it was taken or ended long ago. */
  replace(sessionId: string, state: SessionState, timeToLiveMs: number): MaybePromise<boolean>;
  /** Those that are kept stay for so long from now. Answers the ids of the others. @throws {WscError} WSC_UNAVAILABLE */
  extend(sessions: readonly SessionPlace[], timeToLiveMs: number): MaybePromise<readonly string[]>;
  /**
   * Takes a session, once; undefined where there is none for this owner. One that was taken before leads to the successor it was given,
   * since whoever took it may never have learned of that: then the successor is taken, if it was not yet.
   * @param successor absent: none, and nothing is left of it.
   * @throws {WscError} WSC_UNAVAILABLE
   */
  take(sessionId: string, owner: SessionOwner, successor?: SessionSuccessor): MaybePromise<SessionState | undefined>;
  /** Forgets it, by whoever made it, and who may make it again. @throws {WscError} WSC_UNAVAILABLE */
  remove(session: SessionPlace): MaybePromise<void>;
  /** Ends all that are kept of a user. @throws {WscError} WSC_UNAVAILABLE */
  removeOf(userId: string): MaybePromise<void>;
  /** Ends it; called once. */
  close(): MaybePromise<void>;
}
