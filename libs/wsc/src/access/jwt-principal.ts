import { createHash } from 'node:crypto';
import { isName, isUserId } from '@nest-wsc/protocol';
import type { Principal } from '../core/connect/principal.js';

/** The claims of a token whose signature and times were checked. */
export type JwtClaims = Readonly<Record<string, unknown>>;

/** Which claims say who it is. */
export interface JwtClaimOptions {
  /** The user id of a token, which must be 1 to 128 printable characters. @default the `sub` claim */
  readonly userIdFrom?: ((claims: JwtClaims) => unknown) | undefined;
  /** The claim that holds the user type. @default 'user_type' */
  readonly userTypeClaim?: string | undefined;
  /** The claim that holds the name that others see. @default 'name' */
  readonly nameClaim?: string | undefined;
}

const maxDisplayNameLength = 128;
const maxTokenIdLength = 128;
/** The last moment that a `Date` can hold. */
const maxTimestamp = 8.64e15;

/** Undefined where the claims don't name a user, hold a user type that isn't a name, or have no end. */
export function principalFrom(token: string, claims: JwtClaims, options: JwtClaimOptions): Principal | undefined {
  const userId = options.userIdFrom ? options.userIdFrom(claims) : claims['sub'];
  const userType = claims[options.userTypeClaim ?? 'user_type'];
  const name = displayName(claims[options.nameClaim ?? 'name']);
  const { exp } = claims;
  if (!isUserId(userId) || !Number.isFinite(exp) || typeof exp !== 'number') return undefined;
  if (userType !== undefined && !isName(userType)) return undefined;
  return {
    userId,
    ...(name !== undefined && { name }),
    ...(userType !== undefined && { userType }),
    claims,
    tokenId: tokenIdFrom(token, claims),
    expiresAt: Math.min(exp * 1000, maxTimestamp),
  };
}

/**
 * Names a token whose signature was checked: by its `jti`, else by a hash of what was signed. Without the signature, since
 * some signatures can be rewritten into others that are good too, which would lead past a revocation.
 */
function tokenIdFrom(token: string, { jti }: JwtClaims): string {
  if (typeof jti !== 'string' || jti === '') return `sha256:${sha256(token.slice(0, token.lastIndexOf('.')))}`;
  return jti.length <= maxTokenIdLength ? `jti:${jti}` : `jti-sha256:${sha256(jti)}`;
}

/** A name is for people to read; one that can't be shown is left out rather than refused. */
function displayName(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  // \p{C} holds what the cut may leave of a surrogate pair, too.
  const shown = value.slice(0, maxDisplayNameLength).replaceAll(/\p{C}/gu, '').trim();
  return shown === '' ? undefined : shown;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}
