import type { WelcomeData, WscError } from '@nest-wsc/protocol';

/**
 * `idle` before the first `connect()` · `connecting` · `open` after the server's `welcome` · `reconnecting` after a
 * connection or an attempt was lost, be it waiting or trying · `closed` by `close()` or for a reason that stopped the client.
 */
export type ConnectionState = 'idle' | 'connecting' | 'open' | 'reconnecting' | 'closed';

/** What the server said of the connection (PROTOCOL.md §3.1). */
export interface ConnectionInfo {
  readonly connectionId: string;
  /** Absent on an anonymous connection. */
  readonly userId?: string;
  readonly deviceId: string;
  readonly nodeId: string;
  /** Largest message that the gateway takes, in bytes. */
  readonly maxMessageBytes: number;
  /** Milliseconds since 1970. */
  readonly serverTime: number;
}

/** How a connection ended. */
export interface CloseInfo {
  /** The close code; 1006 where there was no closing handshake, 1000 after `close()`. */
  readonly code: number;
  readonly reason: string;
  /** Milliseconds until the client tries again; absent where it does not. */
  readonly retryInMs?: number;
  /** Why the client stopped. Absent where it will try again, and after `close()`. */
  readonly error?: WscError;
}

/** Without the session's secret, which no program needs to see. */
export function toConnectionInfo(welcome: WelcomeData): ConnectionInfo {
  const { connectionId, userId, deviceId, nodeId, maxMessageBytes, serverTime } = welcome;
  return { connectionId, ...(userId !== undefined && { userId }), deviceId, nodeId, maxMessageBytes, serverTime };
}
