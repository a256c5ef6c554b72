import { closeCodes } from '@nest-wsc/protocol';
import type { Connection } from '../connections/connection.js';
import type { Clock } from '../ports/clock.js';
import { atMost } from '../async/at-most.js';

/** What {@link drainConnections} needs. */
export interface DrainOptions {
  readonly clock: Clock;
  /** For everything together. */
  readonly drainMs: number;
  readonly connections: () => Iterable<Connection>;
  /** Settles once no handler runs. */
  readonly handlersIdle: () => Promise<void>;
  /** Settles once everything about connections that have ended is done. */
  readonly connectionsSettled: () => Promise<void>;
}

/** Of the drain time, what is kept for the closing handshakes, and for what is left to do after them. */
const closingShare = 0.25;
const maxClosingMs = 3_000;
const tidyingShare = 0.1;
const maxTidyingMs = 1_000;
/** So long after one client the next one comes back: it is let in by nodes that have their own to serve. */
const easyReturnMs = 4;
/** Where that would take longer than the drain itself. */
const hastyReturnMs = 1;
const minReconnectSpreadMs = 1_000;
const maxReconnectSpreadMs = 60_000;

/**
 * Ends all connections of a node that goes away (PROTOCOL.md §3.6): each client is told its own delay, running handlers
 * finish and are answered, then each connection is closed with 1012. Never takes longer than `drainMs`.
 */
export async function drainConnections(options: DrainOptions): Promise<void> {
  const { clock, drainMs, connections } = options;
  const closingMs = Math.min(drainMs * closingShare, maxClosingMs);
  const tidyingMs = Math.min(drainMs * tidyingShare, maxTidyingMs);
  sayGoodbye([...connections()], drainMs);
  await atMost(clock, drainMs - closingMs - tidyingMs, options.handlersIdle());
  await atMost(clock, closingMs, closeAll(connections));
  for (const connection of connections()) connection.terminate();
  // A callback of the application's may hang.
  await atMost(clock, tidyingMs, tidyUp(connections, options.connectionsSettled));
}

/** Over how long so many clients come back: over the drain time at most, unless they are very many. */
export function reconnectSpreadMs(connectionCount: number, drainMs: number): number {
  const most = Math.max(drainMs, connectionCount * hastyReturnMs);
  const wanted = Math.min(connectionCount * easyReturnMs, most, maxReconnectSpreadMs);
  return Math.max(wanted, minReconnectSpreadMs);
}

function sayGoodbye(connections: readonly Connection[], drainMs: number): void {
  const spreadMs = reconnectSpreadMs(connections.length, drainMs);
  connections.forEach((connection, index) => {
    // Evenly spread, so that no two waves of clients meet on the nodes that are left.
    const reconnectInMs = Math.round((spreadMs * index) / connections.length);
    connection.pushEnvelope(
      { type: 'goodbye', data: { ...closeCodes.serviceRestart, reconnect: true, reconnectInMs } },
      'high',
    );
  });
}

async function closeAll(connections: () => Iterable<Connection>): Promise<void> {
  const all = [...connections()];
  for (const connection of all) connection.close('serviceRestart');
  await Promise.all(all.map((connection) => connection.gone));
}

async function tidyUp(connections: () => Iterable<Connection>, settled: () => Promise<void>): Promise<void> {
  await Promise.all(Array.from(connections(), (connection) => connection.gone));
  await settled();
}
