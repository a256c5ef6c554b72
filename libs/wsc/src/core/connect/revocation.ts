import type { RevocationList } from '../ports/access.js';
import type { Principal } from './principal.js';

/** Whether a principal's credential was revoked. One without an id can't be, and without a list none is. */
export async function isRevoked(revocations: RevocationList | undefined, { tokenId }: Principal): Promise<boolean> {
  return tokenId !== undefined && (await revocations?.isRevoked(tokenId)) === true;
}
