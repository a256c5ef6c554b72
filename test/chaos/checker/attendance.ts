import type { HistoryEvent } from '../history.js';
import { getOrAdd, type Receipt } from './publishes.js';

/** Who is connected, and to which rooms each belongs, at the end of the history. */
export interface Attendance {
  readonly users: ReadonlyMap<string, string>;
  readonly connected: ReadonlySet<string>;
  /** Room → clients. */
  readonly members: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Follows connections and memberships; tells `onReceipt` who is connected at each receipt. */
export function attend(
  history: readonly HistoryEvent[],
  onReceipt: (receipt: Receipt, isConnected: boolean) => void = () => undefined,
): Attendance {
  const users = new Map<string, string>();
  const connected = new Set<string>();
  const members = new Map<string, Set<string>>();
  for (const [index, event] of history.entries()) {
    if (event.kind === 'connected') {
      users.set(event.client, event.user);
      connected.add(event.client);
    } else if (event.kind === 'disconnected') connected.delete(event.client);
    else if (event.kind === 'joined') getOrAdd(members, event.stream, () => new Set<string>()).add(event.client);
    else if (event.kind === 'left') members.get(event.stream)?.delete(event.client);
    else if (event.kind === 'received') onReceipt({ index, event }, connected.has(event.client));
  }
  return { users, connected, members };
}
