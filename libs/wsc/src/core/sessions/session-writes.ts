import { WscError } from '@nest-wsc/protocol';
import type { Clock, Timer } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { SessionPlace, Sessions, SessionState } from '../ports/sessions.js';

/** What {@link SessionWrites} work with. */
export interface SessionWritesDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly sessions: Sessions;
  /** For how long a client may come back. */
  readonly windowMs: () => number;
}

/** A session of this node. */
export interface OwnSession extends SessionPlace {
  /**
   * Until when the store has it, or what is left of it if it was taken or ended, in monotonic milliseconds; Infinity while it was never
   * kept. Afterwards nothing says that it may be made again: this node may have stood still.
   */
  keptUntil: number;
}

interface Write {
  /** Undefined: the session goes. Called when it is written, so that it is the newest. */
  readonly state: (() => SessionState) | undefined;
  /** Monotonic milliseconds from which on nobody comes back for it. */
  readonly until: number;
}

/** How many are written again, or extended, at a time. */
export const sessionsAtOnce = 500;
const retryMs = 1_000;
/** Over it the one that has failed for longest is given up. */
const maxFailed = 100_000;

/**
 * Writes the sessions of one node to the store: of each one at a time, the newest last. What fails is tried again, since a client must not
 * come back to more than it had: a state that can't be kept takes the place of an older one all the same.
 */
export class SessionWrites {
  readonly #deps: SessionWritesDependencies;
  readonly #writing = new Map<OwnSession, Promise<void>>();
  /** The newest of those that are being written. */
  readonly #next = new Map<OwnSession, Write>();
  readonly #failed = new Map<OwnSession, Write>();
  readonly #extending = new Set<Promise<void>>();
  #retryTimer: Timer | undefined;
  #isClosed = false;
  #hasWarned = false;

  constructor(dependencies: SessionWritesDependencies) {
    this.#deps = dependencies;
  }

  /** Of a connection that is open: it is tried until the next one. */
  save(session: OwnSession, state: () => SessionState): void {
    this.#write(session, { state, until: Infinity });
  }

  /** The last one: its connection has ended. */
  saveLast(session: OwnSession, state: SessionState): void {
    this.#write(session, { state: () => state, until: this.#endOfWindow() });
  }

  remove(session: OwnSession): void {
    this.#write(session, { state: undefined, until: this.#endOfWindow() });
  }

  /** Those of a user that are not written yet go. */
  removeOf(userId: string): void {
    for (const session of [...this.#writing.keys(), ...this.#failed.keys()])
      if (session.userId === userId) this.remove(session);
  }

  /** Those that are kept stay for the window from now; `onMissing` is told of the others. */
  extend<T extends OwnSession>(sessions: readonly T[], onMissing: (session: T) => void): void {
    const extending = this.#extend(sessions, onMissing)
      .catch((cause: unknown) => this.#report(cause))
      .finally(() => this.#extending.delete(extending));
    this.#extending.add(extending);
  }

  /** Settles once nothing is being written. What has failed is not waited for. */
  async settled(): Promise<void> {
    while (this.#writing.size + this.#extending.size > 0)
      await Promise.all([...this.#writing.values(), ...this.#extending]);
  }

  close(): void {
    this.#isClosed = true;
    this.#retryTimer?.cancel();
    this.#failed.clear();
  }

  #endOfWindow(): number {
    return this.#deps.clock.monotonic() + this.#deps.windowMs();
  }

  #write(session: OwnSession, write: Write): void {
    this.#failed.delete(session);
    this.#next.set(session, write);
    if (!this.#writing.has(session)) this.#writing.set(session, this.#run(session));
  }

  async #run(session: OwnSession): Promise<void> {
    for (let write = this.#next.get(session); write !== undefined; write = this.#next.get(session)) {
      this.#next.delete(session);
      await this.#attempt(session, write);
    }
    this.#writing.delete(session);
  }

  async #attempt(session: OwnSession, { state, until }: Write): Promise<void> {
    try {
      await (state === undefined ? this.#remove(session) : this.#save(session, state()));
    } catch (cause) {
      this.#report(cause);
      // What is newer is written anyway.
      if (this.#next.has(session)) return;
      if (state !== undefined && isTooLarge(cause)) this.remove(session);
      else this.#tryLater(session, { state, until });
    }
  }

  async #save(session: OwnSession, state: SessionState): Promise<void> {
    const { sessions, clock, windowMs } = this.#deps;
    const [now, timeToLiveMs] = [clock.monotonic(), windowMs()];
    const isKept = await (now < session.keptUntil
      ? sessions.save(session.sessionId, state, timeToLiveMs)
      : sessions.replace(session.sessionId, state, timeToLiveMs));
    if (isKept) session.keptUntil = now + timeToLiveMs;
  }

  /** One that became too large may be made again once it is smaller. */
  async #remove(session: OwnSession): Promise<void> {
    await this.#deps.sessions.remove(session);
    session.keptUntil = Infinity;
  }

  async #extend<T extends OwnSession>(sessions: readonly T[], onMissing: (session: T) => void): Promise<void> {
    const { clock, windowMs } = this.#deps;
    const [now, timeToLiveMs] = [clock.monotonic(), windowMs()];
    const missing = new Set(await this.#deps.sessions.extend(sessions, timeToLiveMs));
    for (const session of sessions) {
      if (missing.has(session.sessionId)) onMissing(session);
      // Of one that was removed meanwhile nothing is known.
      else if (session.keptUntil !== Infinity) session.keptUntil = now + timeToLiveMs;
    }
  }

  #tryLater(session: OwnSession, write: Write): void {
    if (this.#isClosed) return;
    this.#failed.set(session, write);
    const [oldest] = this.#failed.keys();
    if (this.#failed.size > maxFailed && oldest !== undefined) this.#failed.delete(oldest);
    this.#planRetry(retryMs);
  }

  #planRetry(afterMs: number): void {
    this.#retryTimer ??= this.#deps.clock.after(afterMs, () => void this.#retry());
  }

  /** Goes on with the others at once where the store is there again. */
  async #retry(): Promise<void> {
    const tried = this.#failedFirst();
    const now = this.#deps.clock.monotonic();
    for (const [session, write] of tried) {
      if (write.until > now) this.#write(session, write);
      else this.#failed.delete(session);
    }
    await Promise.all(tried.flatMap(([session]) => this.#writing.get(session) ?? []));
    this.#retryTimer = undefined;
    if (this.#failed.size === 0 || this.#isClosed) return;
    this.#planRetry(tried.some(([session]) => this.#failed.has(session)) ? retryMs : 1);
  }

  #failedFirst(): readonly (readonly [OwnSession, Write])[] {
    const first: [OwnSession, Write][] = [];
    for (const entry of this.#failed) {
      first.push(entry);
      if (first.length === sessionsAtOnce) break;
    }
    return first;
  }

  #report(cause: unknown): void {
    const { logger } = this.#deps;
    if (!isTooLarge(cause) || this.#hasWarned) {
      logger.debug('A session could not be kept.', { cause });
      return;
    }
    this.#hasWarned = true;
    logger.warn('A session is too large to be kept. Its client will not be in its rooms again when it comes back.', {
      cause,
    });
  }
}

function isTooLarge(cause: unknown): boolean {
  return cause instanceof WscError && cause.error === 'WSC_LIMIT_EXCEEDED';
}
