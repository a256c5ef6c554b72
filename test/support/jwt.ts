import { SignJWT } from 'jose';

/** The secret of test applications; long enough for HS256. */
export const jwtSecret = 'a-secret-for-tests-that-is-long-enough';

/** A token of that secret, good for an hour. */
export function signToken(userId: string, claims: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(jwtSecret));
}

/** Headers with such a token. */
export async function bearer(userId: string, claims: Readonly<Record<string, unknown>> = {}) {
  return { Authorization: `Bearer ${await signToken(userId, claims)}` };
}
