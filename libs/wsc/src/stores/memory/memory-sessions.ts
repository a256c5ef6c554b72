import type { Clock } from '../../core/ports/clock.js';
import { itemsOf, withItem, withoutItem, type OneOrMany } from '../../core/collections/one-or-many.js';
import type {
  SessionOwner,
  SessionPlace,
  Sessions,
  SessionState,
  SessionSuccessor,
} from '../../core/ports/sessions.js';
import { ownerText, parseSession, parseSuccessor, sessionText, successorText } from '../shared/session-text.js';

/** What {@link MemorySessions} need. */
export interface MemorySessionsOptions {
  readonly clock: Clock;
  /** Over it those that were not saved or extended for longest are forgotten. @default 100_000 */
  readonly maxSessions?: number;
  /** Of all states together, roughly; over it as over `maxSessions`. @default 134_217_728 */
  readonly maxBytes?: number;
}

interface Kept {
  readonly text: string;
  /** Whose session it is; undefined also for what is left of one that was taken or ended. */
  readonly userId: string | undefined;
  /** Monotonic milliseconds. */
  expiresAt: number;
}

/** What a session takes beside its text: its id and book-keeping. */
const overheadBytes = 256;

/** Sessions that live and die with the process. Kept as text, so that nobody changes one that is kept. */
export class MemorySessions implements Sessions {
  readonly #clock: Clock;
  readonly #maxSessions: number;
  readonly #maxBytes: number;
  /** The one that was not saved or extended for longest first. */
  readonly #sessions = new Map<string, Kept>();
  /** Which of them are a user's. */
  readonly #byUser = new Map<string, OneOrMany<string>>();
  #bytes = 0;

  constructor({ clock, maxSessions = 100_000, maxBytes = 134_217_728 }: MemorySessionsOptions) {
    this.#clock = clock;
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxBytes;
  }

  save(sessionId: string, state: SessionState, timeToLiveMs: number): boolean {
    const text = sessionText(state);
    if (this.#living(successorIdOf(sessionId)) !== undefined) return false;
    this.#put(sessionId, { text, userId: state.owner.userId }, timeToLiveMs);
    return true;
  }

  replace(sessionId: string, state: SessionState, timeToLiveMs: number): boolean {
    return this.#living(sessionId) !== undefined && this.save(sessionId, state, timeToLiveMs);
  }

  extend(sessions: readonly SessionPlace[], timeToLiveMs: number): readonly string[] {
    const missing: string[] = [];
    for (const { sessionId } of sessions) {
      const kept = this.#living(sessionId);
      if (kept === undefined) {
        missing.push(sessionId);
        continue;
      }
      kept.expiresAt = this.#clock.monotonic() + timeToLiveMs;
      this.#sessions.delete(sessionId);
      this.#keep(sessionId, kept);
    }
    return missing;
  }

  take(sessionId: string, owner: SessionOwner, successor?: SessionSuccessor): SessionState | undefined {
    const text = this.#takeText(sessionId, owner, successor);
    const next = parseSuccessor(text, owner);
    return parseSession(next === undefined ? text : this.#takeText(next, owner, successor), owner);
  }

  remove({ sessionId }: SessionPlace): void {
    this.#forget(sessionId);
  }

  removeOf(userId: string): void {
    for (const sessionId of [...itemsOf(this.#byUser.get(userId))]) {
      const kept = this.#living(sessionId);
      if (kept === undefined) continue;
      this.#forget(sessionId);
      const leftMs = kept.expiresAt - this.#clock.monotonic();
      this.#put(successorIdOf(sessionId), { text: '', userId: undefined }, leftMs);
    }
  }

  close(): void {
    this.#sessions.clear();
    this.#byUser.clear();
    this.#bytes = 0;
  }

  #takeText(sessionId: string, owner: SessionOwner, successor: SessionSuccessor | undefined): string {
    const successorId = successorIdOf(sessionId);
    const text = this.#textFor(successorId, owner) ?? this.#textFor(sessionId, owner);
    if (text === undefined) return '';
    this.#forget(sessionId);
    this.#forget(successorId);
    if (successor !== undefined) {
      const left = { text: successorText(owner, successor), userId: undefined };
      this.#put(successorId, left, successor.timeToLiveMs);
    }
    return text;
  }

  #textFor(sessionId: string, owner: SessionOwner): string | undefined {
    const text = this.#living(sessionId)?.text;
    return text?.startsWith(`${ownerText(owner)},`) === true ? text : undefined;
  }

  #put(sessionId: string, { text, userId }: Omit<Kept, 'expiresAt'>, timeToLiveMs: number): void {
    this.#forget(sessionId);
    this.#keep(sessionId, { text, userId, expiresAt: this.#clock.monotonic() + timeToLiveMs });
    this.#bytes += bytesOf(text);
    if (userId !== undefined) this.#byUser.set(userId, withItem(this.#byUser.get(userId), sessionId));
    this.#fit();
  }

  #keep(sessionId: string, kept: Kept): void {
    this.#expireOldest(this.#clock.monotonic());
    this.#sessions.set(sessionId, kept);
  }

  #living(sessionId: string): Kept | undefined {
    const kept = this.#sessions.get(sessionId);
    if (kept === undefined || kept.expiresAt > this.#clock.monotonic()) return kept;
    this.#forget(sessionId);
    return undefined;
  }

  /** Two at each call: what is over goes as fast as new ones come, and no call pays for all. */
  #expireOldest(now: number): void {
    let visits = 2;
    for (const [sessionId, { expiresAt }] of this.#sessions) {
      if (visits === 0 || expiresAt > now) return;
      visits -= 1;
      this.#forget(sessionId);
    }
  }

  #fit(): void {
    for (const sessionId of this.#sessions.keys()) {
      if (this.#sessions.size <= this.#maxSessions && this.#bytes <= this.#maxBytes) return;
      this.#forget(sessionId);
    }
  }

  #forget(sessionId: string): void {
    const kept = this.#sessions.get(sessionId);
    if (kept === undefined) return;
    this.#sessions.delete(sessionId);
    this.#bytes -= bytesOf(kept.text);
    if (kept.userId === undefined) return;
    const rest = withoutItem(this.#byUser.get(kept.userId), sessionId);
    if (rest === undefined) this.#byUser.delete(kept.userId);
    else this.#byUser.set(kept.userId, rest);
  }
}

/** Under what stands what is left of a session that was taken or ended. */
function successorIdOf(sessionId: string): string {
  return `successor of ${sessionId}`;
}

/** Two bytes a character at most, as V8 keeps them. */
function bytesOf(text: string): number {
  return overheadBytes + 2 * text.length;
}
