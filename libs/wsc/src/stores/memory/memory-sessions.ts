import type { Clock } from '../../core/ports/clock.js';
import type { SessionOwner, Sessions, SessionState, SessionSuccessor } from '../../core/ports/sessions.js';
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
  #bytes = 0;

  constructor({ clock, maxSessions = 100_000, maxBytes = 134_217_728 }: MemorySessionsOptions) {
    this.#clock = clock;
    this.#maxSessions = maxSessions;
    this.#maxBytes = maxBytes;
  }

  save(sessionId: string, state: SessionState, timeToLiveMs: number): void {
    this.#put(sessionId, sessionText(state), timeToLiveMs);
  }

  extend(sessionIds: readonly string[], timeToLiveMs: number): void {
    const now = this.#clock.monotonic();
    for (const sessionId of sessionIds) {
      const kept = this.#living(sessionId, now);
      if (kept === undefined) continue;
      kept.expiresAt = now + timeToLiveMs;
      this.#sessions.delete(sessionId);
      this.#keep(sessionId, kept);
    }
  }

  take(sessionId: string, owner: SessionOwner, successor?: SessionSuccessor): SessionState | undefined {
    const text = this.#takeText(sessionId, owner, successor);
    const next = parseSuccessor(text, owner);
    return parseSession(next === undefined ? text : this.#takeText(next, owner, successor), owner);
  }

  remove(sessionId: string): void {
    this.#forget(sessionId);
  }

  close(): void {
    this.#sessions.clear();
    this.#bytes = 0;
  }

  #takeText(sessionId: string, owner: SessionOwner, successor: SessionSuccessor | undefined): string {
    const successorId = `successor of ${sessionId}`;
    // A session that was taken is nobody's, even if its connection has saved it once more.
    const text = this.#textFor(successorId, owner) ?? this.#textFor(sessionId, owner);
    if (text === undefined) return '';
    this.#forget(sessionId);
    this.#forget(successorId);
    if (successor !== undefined) this.#put(successorId, successorText(owner, successor), successor.timeToLiveMs);
    return text;
  }

  #textFor(sessionId: string, owner: SessionOwner): string | undefined {
    const text = this.#living(sessionId, this.#clock.monotonic())?.text;
    return text?.startsWith(`${ownerText(owner)},`) === true ? text : undefined;
  }

  #put(sessionId: string, text: string, timeToLiveMs: number): void {
    this.#forget(sessionId);
    this.#keep(sessionId, { text, expiresAt: this.#clock.monotonic() + timeToLiveMs });
    this.#bytes += bytesOf(text);
    this.#fit();
  }

  #keep(sessionId: string, kept: Kept): void {
    this.#expireOldest(this.#clock.monotonic());
    this.#sessions.set(sessionId, kept);
  }

  #living(sessionId: string, now: number): Kept | undefined {
    const kept = this.#sessions.get(sessionId);
    if (kept === undefined || kept.expiresAt > now) return kept;
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
  }
}

/** Two bytes a character at most, as V8 keeps them. */
function bytesOf(text: string): number {
  return overheadBytes + 2 * text.length;
}
