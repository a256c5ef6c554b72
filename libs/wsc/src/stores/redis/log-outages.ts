import type { Cluster, Redis } from 'ioredis';
import type { Logger } from '../../core/ports/logger.js';

/** What a connection is for. */
export type RedisRole = 'commands' | 'subscriber';

/**
 * Logs that a connection is gone, once until it is back. ioredis emits an error for each attempt, and one without a listener would be
 * printed by itself.
 */
export function logOutages(client: Redis | Cluster, role: RedisRole, logger: Logger): void {
  let isDown = false;
  client.on('error', (cause: unknown) => {
    if (isDown) return;
    isDown = true;
    logger.warn('A connection to Redis is not there. It is tried again until it is.', { role, cause });
  });
  client.on('ready', () => {
    if (isDown) logger.info('A connection to Redis is back.', { role });
    isDown = false;
  });
}
