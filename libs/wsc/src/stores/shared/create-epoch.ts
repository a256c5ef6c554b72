import { randomBytes } from 'node:crypto';

/** The name of an epoch that nobody has seen yet (PROTOCOL.md §6.1): 64 random bits, so that none comes twice. */
export function createEpoch(): string {
  return randomBytes(8).toString('base64url');
}
