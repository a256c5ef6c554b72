export { CidrAddressPolicy } from './address-policy.js';
export { JwtAuthenticator, type JwtOptions } from './jwt-authenticator.js';
export type { JwtKeys } from './jwt-keys.js';
export type { JwtClaims } from './jwt-principal.js';
export { MemoryConnectTokens } from './memory-connect-tokens.js';
export { MemoryRevocationList } from './memory-revocation-list.js';
export { ListedOriginPolicy } from './origin-policy.js';
