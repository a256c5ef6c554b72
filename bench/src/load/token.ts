import { createHmac } from 'node:crypto';
import { secret } from '../peers/server-options.js';

const header = encode({ alg: 'HS256', typ: 'JWT' });

/** A token of HS256 that the gateway checks at connect; good for a day. */
export function signToken(userId: string): string {
  const body = `${header}.${encode({ sub: userId, exp: Math.floor(Date.now() / 1000) + 86_400 })}`;
  return `${body}.${createHmac('sha256', secret).update(body).digest('base64url')}`;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}
