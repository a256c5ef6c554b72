import type { Connection } from '../connections/connection.js';
import { silentDevice, unnamedDevice } from '../ports/inbox.js';

/** Which of a user's devices a connection is for the inbox. It may change: a connection can show that it can acknowledge. */
export function inboxDeviceOf({ deviceId, isDeviceNamed, canAck }: Connection): string {
  if (isDeviceNamed) return deviceId;
  return canAck ? unnamedDevice : silentDevice;
}
