import type { Connection } from '../connections/connection.js';
import { unnamedDevice } from '../ports/inbox.js';

/** Which of a user's devices a connection is for the inbox. */
export function inboxDeviceOf({ deviceId, isDeviceNamed }: Connection): string {
  return isDeviceNamed ? deviceId : unnamedDevice;
}
