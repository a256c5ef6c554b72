import type { Connection } from './connection.js';
import type { DevicePolicy } from '../hub-options.js';

/**
 * Which connections have to go, oldest device first, so that `newcomer` fits in. Tabs of one device count once.
 * Only older ones go, whoever is welcomed first; where later devices hold all places already, `newcomer` itself does.
 * @param connections the user's, oldest first.
 */
export function connectionsToReplace(
  policy: DevicePolicy,
  connections: Iterable<Connection>,
  newcomer: Connection,
): readonly Connection[] {
  if (policy.maxDevices === 0 || policy.whenExceeded === 'reject-new') return [];
  const olderByDevice = new Map<string, Connection[]>();
  const newerDevices = new Set<string>();
  let isOlder = true;
  for (const connection of connections) {
    if (connection === newcomer) isOlder = false;
    if (connection.deviceId === newcomer.deviceId || connection.isClosed) continue;
    if (isOlder) addTo(olderByDevice, connection);
    // One that still connects may be refused; at its welcome it makes room for itself.
    else if (connection.isWelcomed) newerDevices.add(connection.deviceId);
  }
  for (const deviceId of newerDevices) olderByDevice.delete(deviceId);
  if (newerDevices.size >= policy.maxDevices) return [newcomer];
  const surplus = olderByDevice.size + newerDevices.size + 1 - policy.maxDevices;
  if (surplus <= 0) return [];
  const devices = [...olderByDevice.values()];
  return (policy.whenExceeded === 'kick-all' ? devices : devices.slice(0, surplus)).flat();
}

function addTo(byDevice: Map<string, Connection[]>, connection: Connection): void {
  const ofDevice = byDevice.get(connection.deviceId);
  if (ofDevice === undefined) byDevice.set(connection.deviceId, [connection]);
  else ofDevice.push(connection);
}
