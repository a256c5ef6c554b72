import { isUserId, WscError } from '@nest-wsc/protocol';
import type { Authenticator, ConnectTokens, IssuedConnectToken, RevocationList } from '../ports/access.js';
import type { Clock } from '../ports/clock.js';
import type { Principal } from './principal.js';
import { isRevoked } from './revocation.js';
import { isAllowedUserType } from './user-type.js';

/** What tokens are checked and revoked with. */
export interface TokenDependencies {
  readonly clock: Clock;
  readonly authenticator?: Authenticator | undefined;
  readonly revocations?: RevocationList | undefined;
  readonly connectTokens?: ConnectTokens | undefined;
}

/** A revoked token that never expires is kept on the list for so long. */
const endlessTokenMs = 365 * 24 * 3_600_000;

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
  if (authenticator === undefined)
    throw unavailable('Tokens can be checked only where an authenticator is configured.');
  const principal = await authenticator.verify(token);
  if (await isRevoked(revocations, principal)) {
    throw new WscError('WSC_UNAUTHORIZED', { message: 'The token was revoked.' });
  }
  if (!isAllowedUserType(principal, userTypes)) throw new WscError('WSC_FORBIDDEN');
  return principal;
}

/**
 * Makes a token worthless. Answers the id that it is known by. Only tokens that are good now can be revoked, so that nobody can
 * fill the list with worthless ones.
 * @throws {WscError} WSC_UNAUTHORIZED for a token that is not valid; WSC_UNAVAILABLE where no authenticator and no revocation list is
 * configured, the list is full, or the authenticator can't tell now.
 */
export async function revokeToken(
  { authenticator, revocations, clock }: TokenDependencies,
  token: string,
): Promise<string> {
  if (authenticator === undefined || revocations === undefined) {
    throw unavailable('Tokens can be revoked only where an authenticator is configured.');
  }
  const { tokenId, expiresAt } = await authenticator.verify(token);
  if (tokenId === undefined) throw unavailable('The authenticator gives tokens no id, so they can not be revoked.');
  await revocations.revoke(tokenId, expiresAt ?? clock.now() + endlessTokenMs);
  return tokenId;
}

/**
 * Makes a one-time credential for a URL.
 * @throws {TypeError} for what is no principal, as where no guard has set one. @throws {WscError} WSC_UNAVAILABLE where none are configured.
 */
export async function issueConnectToken(
  { connectTokens }: TokenDependencies,
  principal: Principal,
): Promise<IssuedConnectToken> {
  if (connectTokens === undefined) throw unavailable('Connect tokens are not configured.');
  requirePrincipal(principal);
  return connectTokens.issue(principal);
}

/** Asked at run time: what a guard was to leave on a request is often typed by hope. */
function requirePrincipal(value: unknown): void {
  if (typeof value === 'object' && value !== null && 'userId' in value && isUserId(value.userId)) return;
  // Its kind only: whoever mixes things up may have given a token.
  const got = typeof value === 'object' && value !== null ? 'an object without a valid `userId`' : typeof value;
  throw new TypeError(
    `Expected issueConnectToken to get the principal of a user ({ userId, claims }), got ${got}. ` +
      'Did a guard verify the token and set it?',
  );
}

function unavailable(message: string): WscError {
  return new WscError('WSC_UNAVAILABLE', { message });
}
