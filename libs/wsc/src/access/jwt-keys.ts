import { createPublicKey, webcrypto, type KeyObject } from 'node:crypto';
import { errors, type CryptoKey, type JWTVerifyGetKey } from 'jose';
import type { Clock } from '../core/ports/clock.js';
import type { Logger } from '../core/ports/logger.js';
import { RemoteKeySet, type RemoteKeySetOptions } from './remote-key-set.js';

/** What tokens are checked with: one of the three. */
export type JwtKeys =
  /** Shared secret of HS256, HS384 and HS512, at least 32 bytes. */
  | { readonly secret: string }
  /** PEM of a public key or certificate: RSA (RS and PS algorithms), P-256, P-384, P-521 (ES) or Ed25519. */
  | { readonly publicKey: string }
  /** Public keys behind a URL; RS, PS, ES and Ed25519. Tokens need a `kid` where several keys of a kind are in the set. */
  | { readonly jwks: RemoteKeySetOptions };

/** A key, or a finder of keys, with the only algorithms that it may be used for. */
export interface Verifier {
  readonly key: KeyObject | JWTVerifyGetKey;
  readonly algorithms: readonly string[];
}

interface Dependencies {
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The algorithms of a secret, with the hash of each (RFC 7518 §3.2). */
const hashes: ReadonlyMap<string, string> = new Map([
  ['HS256', 'SHA-256'],
  ['HS384', 'SHA-384'],
  ['HS512', 'SHA-512'],
]);
const secretAlgorithms = [...hashes.keys()];
const rsaPssAlgorithms = ['PS256', 'PS384', 'PS512'];
const rsaAlgorithms = ['RS256', 'RS384', 'RS512', ...rsaPssAlgorithms];
const edwardsAlgorithms = ['Ed25519', 'EdDSA'];
const curveAlgorithms: ReadonlyMap<string, readonly string[]> = new Map([
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
]);
const publicAlgorithms = [...rsaAlgorithms, ...[...curveAlgorithms.values()].flat(), ...edwardsAlgorithms];

const minSecretBytes = 32;
const minRsaBits = 2048;

/**
 * The algorithms are pinned to the kind of key, never taken from the token, so that a token signed by HS256 with the
 * public key as its secret, or not signed at all, can't pass.
 * @param wanted fewer algorithms than the key could have.
 * @throws {Error} for a key that can't be used and for an algorithm that isn't one of the key.
 */
export function createVerifier(keys: JwtKeys, wanted: readonly string[] | undefined, deps: Dependencies): Verifier {
  const { key, algorithms } = verifierFor(keys, deps);
  if (wanted === undefined || wanted.length === 0) return { key, algorithms };
  for (const algorithm of wanted) {
    if (algorithms.includes(algorithm)) continue;
    throw new Error(
      `Expected a JWT algorithm of this key (${algorithms.join(', ')}), got ${JSON.stringify(algorithm)}.`,
    );
  }
  return { key, algorithms: wanted };
}

function verifierFor(keys: JwtKeys, deps: Dependencies): Verifier {
  if ('secret' in keys) return { key: parseSecret(keys.secret, deps.logger), algorithms: secretAlgorithms };
  if ('jwks' in keys) return { key: new RemoteKeySet(keys.jwks, deps).find, algorithms: publicAlgorithms };
  const key = parsePublicKey(keys.publicKey);
  return { key, algorithms: algorithmsOf(key) };
}

function parseSecret(secret: string, logger: Logger): JWTVerifyGetKey {
  if (secret.length === 0) throw new Error('Expected the JWT secret not to be empty.');
  if (secret.includes('-----BEGIN')) {
    throw new Error('The JWT secret is a PEM key, which is not secret. Give it as the public key instead.');
  }
  const bytes = Buffer.from(secret);
  if (bytes.length < minSecretBytes) {
    logger.warn('The JWT secret is shorter than 32 bytes (RFC 7518 §3.2) and may be guessed from any token.');
  }
  return secretFinder(bytes);
}

/** Imports the secret once per algorithm; jose would do it again for each token, which takes longer than the check. */
function secretFinder(bytes: Buffer): JWTVerifyGetKey {
  const imported = new Map<string, Promise<CryptoKey>>();
  return ({ alg }) => {
    const hash = hashes.get(alg);
    // Not reached: jose has compared `alg` with the accepted ones before it asks for the key.
    if (hash === undefined) throw new errors.JOSEAlgNotAllowed(`"${alg}" is no algorithm of a secret.`);
    let key = imported.get(alg);
    if (key === undefined) {
      key = webcrypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash }, false, ['verify']);
      imported.set(alg, key);
    }
    return key;
  };
}

function parsePublicKey(pem: string): KeyObject {
  if (pem.includes('PRIVATE KEY-----')) {
    throw new Error('The JWT public key is a private key. A gateway only checks tokens: give it the public one.');
  }
  try {
    return createPublicKey(pem);
  } catch (cause) {
    throw new Error('Expected the JWT public key to be a PEM ("-----BEGIN PUBLIC KEY-----").', { cause });
  }
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  const kind = key.asymmetricKeyType;
  if (kind === 'ed25519') return edwardsAlgorithms;
  if ((kind === 'rsa' || kind === 'rsa-pss') && modulusLength >= minRsaBits) {
    return kind === 'rsa' ? rsaAlgorithms : rsaPssAlgorithms;
  }
  const algorithms = kind === 'ec' ? curveAlgorithms.get(namedCurve) : undefined;
  if (algorithms) return algorithms;
  const got = `${kind ?? 'nothing'} ${namedCurve}${modulusLength > 0 ? `${String(modulusLength)} bits` : ''}`.trim();
  throw new Error(
    `Expected the JWT public key to be RSA of 2048 bits or more, P-256, P-384, P-521 or Ed25519, got ${got}.`,
  );
}
