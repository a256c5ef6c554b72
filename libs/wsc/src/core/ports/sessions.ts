import type { MaybePromise } from '../async/maybe-promise.js';
import type { Role } from '../rooms/room.js';

/** A room that a connection was in. */
export interface SessionRoom {
  readonly room: string;
  readonly role: Role;
  /** Whether its client joined by itself, so that the room's policy is asked again. */
  readonly isByClient: boolean;
}

/** Who a session belongs to: nobody else can take it. */
export interface SessionOwner {
  /** Undefined: anonymous. */
  readonly userId: string | undefined;
  readonly deviceId: string;
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
 * gone after its time. Does not promise: the newest state of a connection whose node died within a second of a change.
 */
export interface Sessions {
  /** Keeps the state, or replaces what is kept under this id. @throws {WscError} WSC_UNAVAILABLE, WSC_LIMIT_EXCEEDED */
  save(sessionId: string, state: SessionState, timeToLiveMs: number): MaybePromise<void>;
  /** Those that are kept stay for so long from now. @throws {WscError} WSC_UNAVAILABLE */
  extend(sessionIds: readonly string[], timeToLiveMs: number): MaybePromise<void>;
  /**
   * Takes a session, once; undefined where there is none for this owner. One that was taken before leads to the successor it was given,
   * since whoever took it may never have learned of that: then the successor is taken, if it was not yet.
   * @param successor absent: none, it is gone.
   * @throws {WscError} WSC_UNAVAILABLE
   */
  take(sessionId: string, owner: SessionOwner, successor?: SessionSuccessor): MaybePromise<SessionState | undefined>;
  /** Forgets it: its connection must not be resumed. @throws {WscError} WSC_UNAVAILABLE */
  remove(sessionId: string): MaybePromise<void>;
  /** Ends it; called once. */
  close(): MaybePromise<void>;
}
