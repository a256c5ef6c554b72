import type { DevicePolicy } from '../hub-options.js';
import type { PresenceEntry } from '../ports/presence.js';
import type { Connection } from './connection.js';

/**
 * Which connections of this node have to go, oldest device first, so that `newcomer` fits in. Tabs of one device count once.
 * Only older ones go, whoever is welcomed first; where later devices hold all places already, `newcomer` itself does.
 * @param connections the user's, oldest first.
 */
export function connectionsToReplace(
  policy: DevicePolicy,
  connections: Iterable<Connection>,
  newcomer: Connection,
): readonly Connection[] {
  if (!mayReplace(policy)) return [];
  const older: Connection[] = [];
  const newer: Connection[] = [];
  let isOlder = true;
  for (const connection of connections) {
    if (connection === newcomer) isOlder = false;
    else if (connection.isClosed) continue;
    else if (isOlder) older.push(connection);
    // One that still connects may be refused; at its welcome it makes room for itself.
    else if (connection.isWelcomed) newer.push(connection);
  }
  return choose(policy, { older, newer, newcomer });
}

/**
 * The same over the connections of all nodes. Every node that looks orders them alike, by time and then by id, so that two devices which
 * come at once on two nodes don't put each other out.
 */
export function entriesToReplace(
  policy: DevicePolicy,
  entries: readonly PresenceEntry[],
  newcomer: PresenceEntry,
): readonly PresenceEntry[] {
  if (!mayReplace(policy)) return [];
  const others = entries.filter(({ connectionId }) => connectionId !== newcomer.connectionId).sort(byAge);
  const older = others.filter((entry) => byAge(entry, newcomer) < 0);
  return choose(policy, { older, newer: others.slice(older.length), newcomer });
}

/** Whether the policy puts anybody out. */
export function mayReplace({ maxDevices, whenExceeded }: DevicePolicy): boolean {
  return maxDevices > 0 && whenExceeded !== 'reject-new';
}

interface Candidates<T> {
  /** Oldest first. */
  readonly older: readonly T[];
  readonly newer: readonly T[];
  readonly newcomer: T;
}

function choose<T extends { readonly deviceId: string }>(
  { maxDevices, whenExceeded }: DevicePolicy,
  { older, newer, newcomer }: Candidates<T>,
): readonly T[] {
  const newerDevices = new Set(newer.map(({ deviceId }) => deviceId));
  newerDevices.delete(newcomer.deviceId);
  if (newerDevices.size >= maxDevices) return [newcomer];
  const olderByDevice = new Map<string, T[]>();
  for (const connection of older) {
    if (connection.deviceId === newcomer.deviceId || newerDevices.has(connection.deviceId)) continue;
    const ofDevice = olderByDevice.get(connection.deviceId);
    if (ofDevice === undefined) olderByDevice.set(connection.deviceId, [connection]);
    else ofDevice.push(connection);
  }
  const surplus = olderByDevice.size + newerDevices.size + 1 - maxDevices;
  if (surplus <= 0) return [];
  const devices = [...olderByDevice.values()];
  return (whenExceeded === 'kick-all' ? devices : devices.slice(0, surplus)).flat();
}

function byAge(a: PresenceEntry, b: PresenceEntry): number {
  if (a.since !== b.since) return a.since - b.since;
  return a.connectionId < b.connectionId ? -1 : 1;
}
