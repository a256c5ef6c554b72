import { WscError } from '@nest-wsc/protocol';
import type { Authenticator, RevocationList } from '../ports/access.js';
import type { Clock } from '../ports/clock.js';
import type { Logger } from '../ports/logger.js';
import type { Principal } from './principal.js';
import { isAllowedUserType } from './user-type.js';

/** What tokens are checked and revoked with. */
export interface TokenDependencies {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authenticator?: Authenticator | undefined;
  readonly revocations?: RevocationList | undefined;
}

/** A revoked token that could not be read is kept on the list for so long. */
const unverifiedTokenMs = 24 * 3_600_000;

/**
 * Checks a token as the handshake does, for other doors of the application.
 * @throws {WscError} WSC_UNAUTHORIZED; WSC_FORBIDDEN for a user type that is not allowed; WSC_UNAVAILABLE where no
 * authenticator is configured, or it can't tell now.
 */
export async function verifyToken(
  { authenticator, revocations }: TokenDependencies,
  token: string,
  userTypes: readonly string[],
): Promise<Principal> {
  if (authenticator === undefined) throw unavailable('Tokens can be checked only where an authenticator is configured.');
  const principal = await authenticator.verify(token);
  if (principal.tokenId !== undefined && (await revocations?.isRevoked(principal.tokenId)) === true) {
    throw new WscError('WSC_UNAUTHORIZED', { message: 'The token was revoked.' });
  }
  if (!isAllowedUserType(principal, userTypes)) throw new WscError('WSC_FORBIDDEN');
  return principal;
}

/**
 * Makes a token worthless. Answers the ids that it is known by.
 * @throws {WscError} WSC_UNAVAILABLE where no authenticator and no revocation list is configured, or the list is full.
 */
export async function revokeToken(deps: TokenDependencies, token: string): Promise<ReadonlySet<string>> {
  const { authenticator, revocations, clock, logger } = deps;
  if (authenticator === undefined || revocations === undefined) {
    throw unavailable('Tokens can be revoked only where an authenticator is configured.');
  }
  const tokenIds = new Set([authenticator.tokenIdOf(token)]);
  let until = clock.now() + unverifiedTokenMs;
  try {
    const principal = await authenticator.verify(token);
    if (principal.tokenId !== undefined) tokenIds.add(principal.tokenId);
    until = principal.expiresAt ?? until;
  } catch (error) {
    // A token that is not valid opens nothing; its hash is still listed, in case it becomes valid (`nbf`).
    logger.debug('A token that is not valid was revoked.', { cause: error });
  }
  for (const tokenId of tokenIds) await revocations.revoke(tokenId, until);
  return tokenIds;
}

function unavailable(message: string): WscError {
  return new WscError('WSC_UNAVAILABLE', { message });
}
