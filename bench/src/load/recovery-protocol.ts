import type { Dialect, DialectName } from './dialect.js';
import { SocketIoRecovery } from './socket-io-recovery.js';
import { WscRecovery } from './wsc-recovery.js';

/** What follows from what a server has said. */
export type RecoveryStep =
  | { readonly kind: 'say'; readonly text: string }
  /** For the first time, the client is in its room. */
  | { readonly kind: 'joined' }
  /** It is there again; where it is recovered, the server says that all it has missed has come or will. */
  | { readonly kind: 'back'; readonly isRecovered: boolean }
  | { readonly kind: 'failed'; readonly reason: string };

/** How one client joins a room, and gets what it missed when it comes back: what it keeps lives across its connections. */
export interface RecoveryProtocol {
  readonly dialect: Dialect;
  /** What follows from a message that is none of the room's. */
  hear(text: string): RecoveryStep;
  /** Notes the place of a message of the room. */
  note(text: string): void;
}

/** How the clients of a peer recover. @throws {Error} where they can't. */
export function createRecoveryProtocol(dialect: DialectName, room: string): RecoveryProtocol {
  switch (dialect) {
    case 'wsc.v1.json':
      return new WscRecovery(room);
    case 'socket.io':
      return new SocketIoRecovery(room);
    case 'plain':
    case 'ginforge.v1.json':
      throw new Error(`Clients that speak ${dialect} recover nothing.`);
  }
}
