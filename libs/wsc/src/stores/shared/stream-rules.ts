import { WscError } from '@nest-wsc/protocol';
import type { StreamWrite } from '../../core/ports/streams.js';

/** How long a stream's position and epoch are known after it was used last, beyond the messages: who comes back later gets a new epoch. */
export const positionLifetimeMs = 604_800_000;

/** The same of a room that nothing was written to: anybody may ask for many of those. Nodes ask again and again for those they host. */
export const emptyPositionLifetimeMs = 3_600_000;

/** For how many keys a stream knows the highest version; beyond, it forgets the key that was not written for longest. */
export const keptVersions = 1_000;

/** @throws {WscError} WSC_INTERNAL for a version that can't be compared. */
export function requireVersion({ version }: StreamWrite): void {
  if (version === undefined || Number.isFinite(version.value)) return;
  throw new WscError('WSC_INTERNAL', { message: `Expected a version to be a finite number, got ${version.value}.` });
}
