import type { Cluster, Redis } from 'ioredis';
import { withoutCommand } from './redis-errors.js';

/** What a connection is for. */
export type RedisRole = 'commands' | 'subscriber';

/** Where outages are told. */
export interface OutageLog {
  warn(message: string, context: { readonly role: RedisRole; readonly cause: unknown }): void;
  info(message: string, context: { readonly role: RedisRole }): void;
}

/**
 * Logs that a connection is gone, once until it is back. ioredis emits an error for each attempt, and one without a listener would be
 * printed by itself; a connection that was cut from here, since nothing came on it, has no error.
 */
export function logOutages(client: Redis | Cluster, role: RedisRole, log: OutageLog): void {
  let isDown = false;
  const note = (cause: unknown): void => {
    if (isDown) return;
    isDown = true;
    log.warn('A connection to Redis is not there. It is tried again until it is.', { role, cause });
  };
  client.on('error', (cause: unknown) => note(withoutCommand(cause)));
  client.on('reconnecting', () => note(new Error('It was closed.')));
  client.on('ready', () => {
    if (isDown) log.info('A connection to Redis is back.', { role });
    isDown = false;
  });
}
