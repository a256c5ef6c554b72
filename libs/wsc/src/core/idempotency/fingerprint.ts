import { createHash } from 'node:crypto';
import type { Principal } from '../connect/principal.js';

/** Claims that a renewed token has anew, though it says the same (RFC 7519 §4.1). */
const claimsOfOneToken: ReadonlySet<string> = new Set(['exp', 'iat', 'jti', 'nbf']);

/**
 * Names the content of a request and the rights that it was made with, so that one id can't stand for two different requests, and
 * no answer goes to who may not ask any more. The order of keys counts: who sends a request again sends the same text.
 * @throws {TypeError} for data that JSON can't write.
 */
export function fingerprintOf(event: string, data: unknown, principal?: Principal): string {
  const hash = createHash('sha256').update(JSON.stringify([event, data]));
  if (principal !== undefined) hash.update(rightsOf(principal));
  return hash.digest('base64url');
}

/** A renewed token gives the same, so that a request can be sent again after a reconnection. */
function rightsOf({ userType, claims, tokenId }: Principal): string {
  try {
    const lasting = Object.entries(claims).filter(([name]) => !claimsOfOneToken.has(name));
    return JSON.stringify([userType, lasting.sort(([a], [b]) => (a < b ? -1 : 1))]);
  } catch {
    // An authenticator of the application may claim anything; then only the very same token is the same.
    return JSON.stringify([userType, tokenId]);
  }
}
