import type { Duplex } from 'node:stream';

/**
 * Holds back what is written, so that the 101 leaves in one write with what follows it at once: until {@link uncork}, or for two
 * turns, since nothing may follow soon, as where connect callbacks take their time. `welcome` leaves at the end of this turn at
 * the earliest. What ends the socket uncorks it too.
 */
export function corkBriefly(socket: Duplex): void {
  socket.cork();
  // Passed on instead of closed over: there is one of these for each connection of a reconnect storm.
  setImmediate(uncorkNextTurn, socket);
}

/** Lets what was held back leave. May be called at any time and more than once. */
export function uncork(socket: Duplex): void {
  socket.uncork();
}

function uncorkNextTurn(socket: Duplex): void {
  setImmediate(uncork, socket);
}
