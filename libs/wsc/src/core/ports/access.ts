import type { MaybePromise } from '../async/maybe-promise.js';
import type { Handshake } from '../connect/handshake.js';
import type { Principal } from '../connect/principal.js';

/**
 * Finds out who is connecting. Promises: answers a principal that is valid now, or undefined for "no credential was given".
 * @throws {HandshakeRefusal} for a credential that is not good; anything else thrown is an internal error.
 */
export interface Authenticator {
  authenticate(handshake: Handshake): MaybePromise<Principal | undefined>;
  /**
   * Checks a token outside a handshake (`refresh_token`, revocation).
   * @throws {WscError} WSC_UNAUTHORIZED
   */
  verify(token: string): MaybePromise<Principal>;
}

/** Which credentials are no longer good. Promises: what was revoked stays so until `until`. */
export interface RevocationList {
  /** @param until milliseconds since 1970; afterwards the credential has expired by itself. */
  revoke(tokenId: string, until: number): MaybePromise<void>;
  isRevoked(tokenId: string): MaybePromise<boolean>;
  /**
   * Tells of what is revoked from now on, by whichever node; of the same more than once, perhaps. Absent: only this node revokes.
   * @param onRevoked must not throw.
   */
  watch?(onRevoked: (tokenId: string) => void): MaybePromise<void>;
  /** Ends it; called once, last. */
  close?(): MaybePromise<void>;
}

/** One-time credentials for URLs. Promises: a token is redeemed at most once, and not after its time. */
export interface ConnectTokens {
  issue(principal: Principal): MaybePromise<IssuedConnectToken>;
  redeem(connectToken: string): MaybePromise<Principal | undefined>;
}

/** A connect token as its user gets it. */
export interface IssuedConnectToken {
  readonly connectToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Who may connect from where. Parsing of addresses and networks stands behind it. */
export interface AddressPolicy {
  /** The client's address: the peer, or what a trusted peer's `X-Forwarded-For` says. */
  clientAddress(peerAddress: string, forwardedFor: string | undefined): string;
  /** Whether the allow and deny lists let it in. */
  isAllowed(address: string): MaybePromise<boolean>;
}

/** Whether a browser's `Origin` may connect. Requests without an `Origin` are not asked about. */
export interface OriginPolicy {
  isAllowed(origin: string, handshake: Handshake): MaybePromise<boolean>;
}
