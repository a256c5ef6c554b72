import type { Connection } from '../connections/connection.js';

/** Who sent it, as receivers see it: from the server's own knowledge, never from the client's. */
export function senderOf(connection: Connection): { readonly from?: string; readonly fromName?: string } {
  return {
    ...(connection.userId !== undefined && { from: connection.userId }),
    ...(connection.name !== undefined && { fromName: connection.name }),
  };
}
