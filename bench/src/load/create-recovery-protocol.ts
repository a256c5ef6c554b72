import type { DialectName } from './dialect.js';
import type { RecoveryProtocol } from './recovery-protocol.js';
import { SocketIoRecovery } from './socket-io-recovery.js';
import { WscRecovery } from './wsc-recovery.js';

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
