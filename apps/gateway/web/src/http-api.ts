import { fieldsOf, type Fields, numberOf, parseJson, textOf } from './parse.js';
import type { Session } from './session.js';

/** What the gateway refused, in its own words. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Call {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly token?: string;
  readonly body?: unknown;
}

/** `user_id must be …; name must be …`, where the answer says which fields are wrong. */
function messageOf(fields: Fields, status: number): string {
  const reasons = Object.values(fieldsOf(fields['details'])).flatMap((reason) =>
    Array.isArray(reason) ? reason.map(textOf) : [],
  );
  return reasons.join('; ') || textOf(fields['message']) || `The gateway answered ${String(status)}.`;
}

async function call({ method = 'POST', path, token, body }: Call): Promise<Fields> {
  const headers = {
    ...(token !== undefined && { Authorization: `Bearer ${token}` }),
    ...(body !== undefined && { 'Content-Type': 'application/json' }),
  };
  const response = await fetch(path, { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
  const fields = fieldsOf(parseJson(await response.text()));
  if (!response.ok) throw new ApiError(response.status, messageOf(fields, response.status));
  return fields;
}

/** @throws {ApiError} where the gateway refuses; {TypeError} where it is not reached */
export async function logIn(userId: string, userType: string): Promise<Session> {
  const answer = await call({ path: '/auth/login', body: { user_id: userId, user_type: userType } });
  const expiresAt = Date.now() + numberOf(answer['expires_in']) * 1000;
  return { userId, userType, token: textOf(answer['token']), expiresAt };
}

/** Ends the token on the server, too. */
export async function revoke(token: string): Promise<void> {
  await call({ path: '/auth/revoke', body: { token } });
}

/** Answers how many connections it was queued for. */
export async function notifyUser(
  token: string,
  userId: string,
  notification: { title: string; body: string },
): Promise<number> {
  const path = `/api/users/${encodeURIComponent(userId)}/notifications`;
  return numberOf((await call({ path, token, body: notification }))['queued']);
}

/** Answers how many connections it was queued for. */
export async function broadcast(token: string, text: string): Promise<number> {
  return numberOf(
    (await call({ path: '/api/broadcast', token, body: { event: 'broadcast', data: { text } } }))['queued'],
  );
}

export async function fetchStats(token: string): Promise<Fields> {
  return call({ method: 'GET', path: '/ws/stats', token });
}
