import type { Connection } from './connection.js';
import type { DevicePolicy } from '../hub-options.js';

/** Which connections have to go, oldest device first, so that `newcomer` fits in. Tabs of one device count once. */
export function connectionsToReplace(
  policy: DevicePolicy,
  connections: Iterable<Connection>,
  newcomer: Connection,
): readonly Connection[] {
  if (policy.maxDevices === 0 || policy.whenExceeded === 'reject-new') return [];
  const byDevice = new Map<string, Connection[]>();
  for (const connection of connections) {
    if (connection.deviceId === newcomer.deviceId || connection.isClosed) continue;
    const ofDevice = byDevice.get(connection.deviceId);
    if (ofDevice === undefined) byDevice.set(connection.deviceId, [connection]);
    else ofDevice.push(connection);
  }
  const surplus = byDevice.size + 1 - policy.maxDevices;
  if (surplus <= 0) return [];
  const devices = [...byDevice.values()];
  return (policy.whenExceeded === 'kick-all' ? devices : devices.slice(0, surplus)).flat();
}
