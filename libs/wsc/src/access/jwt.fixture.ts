import { generateKeyPairSync, sign as signBytes, createHmac, type KeyObject } from 'node:crypto';
import { SignJWT, type JWTHeaderParameters } from 'jose';
import { Handshake } from '../core/connect/handshake.js';
import { HandshakeRefusal } from '../core/connect/refusal.js';
import { FakeClock } from '../testing/fake-clock.js';
import { MemoryLogger } from '../testing/memory-logger.js';
import { JwtAuthenticator, type JwtOptions } from './jwt-authenticator.js';

export const secret = 'a secret of at least thirty-two bytes';
export const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const p256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' });
export const edwards = generateKeyPairSync('ed25519');

export function pemOf(key: KeyObject): string {
  return key.export({ type: key.type === 'public' ? 'spki' : 'pkcs8', format: 'pem' }).toString();
}

export function createAuthenticator(options: Partial<JwtOptions> = {}) {
  const clock = new FakeClock();
  const logger = new MemoryLogger();
  const authenticator = new JwtAuthenticator({ keys: { secret }, ...options }, { clock, logger });
  return { authenticator, clock, logger, now: clock.now() / 1000 };
}

/** Seconds since 1970 by the fake clock. */
export const { now } = createAuthenticator();
export const soon = now + 60;

interface Signing {
  readonly key?: KeyObject | Uint8Array;
  readonly header?: Partial<JWTHeaderParameters>;
}

/** `undefined` in `claims` leaves a claim out. */
export async function sign(claims: Readonly<Record<string, unknown>> = {}, signing: Signing = {}): Promise<string> {
  return new SignJWT({ sub: 'ann', exp: soon, ...claims })
    .setProtectedHeader({ alg: 'HS256', ...signing.header })
    .sign(signing.key ?? Buffer.from(secret));
}

export const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** What no honest library signs. */
export function forge(header: object, claims: object, key?: string): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${key === undefined ? '' : createHmac('sha256', key).update(input).digest('base64url')}`;
}

/** Signed well, whatever it says. */
export function signAnything(header: object, claims: object): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signBytes('sha256', Buffer.from(input), rsa.privateKey).toString('base64url')}`;
}

export function handshakeWith(credential: { readonly token?: string }): Handshake {
  return new Handshake({
    request: {
      path: '/ws',
      query: new URLSearchParams(),
      headers: {},
      peerAddress: '127.0.0.1',
      isUpgrade: true,
      offeredProtocols: [],
      raw: undefined,
    },
    path: '/ws',
    params: {},
    remoteAddress: '127.0.0.1',
    token: credential.token,
    connectToken: undefined,
    deviceId: 'd',
    protocol: undefined,
  });
}

export async function refusalOf(
  promise: Promise<unknown>,
): Promise<{ readonly statusCode: number; readonly message: string; readonly headers: unknown }> {
  const error: unknown = await promise.then(
    () => new Error('It was not refused.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof HandshakeRefusal)) throw error;
  return { statusCode: error.statusCode, message: error.message, headers: error.headers };
}
