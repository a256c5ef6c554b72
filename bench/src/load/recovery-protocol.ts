import type { Dialect } from './dialect.js';

/** The client has something to say, at once or after a while. */
export interface SayStep {
  readonly kind: 'say';
  readonly text: string;
  readonly afterMs?: number;
}

/** What follows from what a server has said. */
export type RecoveryStep =
  | SayStep
  /** For the first time, the client is in its room. */
  | { readonly kind: 'joined' }
  /** It is there again; where it is recovered, the server says that all it has missed has come or will. */
  | { readonly kind: 'back'; readonly isRecovered: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

/** How one client joins a room, and gets what it missed when it comes back: what it keeps lives across its connections. */
export interface RecoveryProtocol {
  readonly dialect: Dialect;
  /** Whether what was missed may come before the server says that the client is back; else that does not count. */
  readonly mayComeEarly: boolean;
  /** What follows from a message that is none of the room's. */
  hear(text: string): RecoveryStep;
  /** Notes the place of a message of the room. */
  note(text: string): void;
}
