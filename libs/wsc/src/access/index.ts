export { CidrAddressPolicy, type AddressLists } from './address-policy.js';
export { JwtAuthenticator, type JwtDependencies, type JwtOptions } from './jwt-authenticator.js';
export type { JwtKeys } from './jwt-keys.js';
export type { JwtClaimOptions, JwtClaims } from './jwt-principal.js';
export { MemoryConnectTokens, type MemoryConnectTokensOptions } from './memory-connect-tokens.js';
export { MemoryRevocationList } from './memory-revocation-list.js';
export { ListedOriginPolicy, type OriginOptions } from './origin-policy.js';
export type { RemoteKeySetOptions } from './remote-key-set.js';
