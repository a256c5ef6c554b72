import { Redis } from 'ioredis';
import type { ServerOptions } from './server-options.js';

/**
 * All rooms share one stream. By default it keeps 10,000 messages, so that in a storm some would be gone before their clients
 * are back.
 */
const recoverableMessages = 100_000;

/** How Socket.IO's nodes are one, otherwise with the adapters' defaults; undefined: this one is alone. */
export async function createRedisAdapter({
  redisUrl,
  adapter,
  recovery = false,
}: ServerOptions): Promise<object | undefined> {
  if (redisUrl === undefined) return undefined;
  // Both adapters read replies in the form that they have in RESP2.
  const client = new Redis(redisUrl, { protocol: 2 });
  if (adapter === 'streams') {
    const { createAdapter } = await import('@socket.io/redis-streams-adapter');
    return createAdapter(client, recovery ? { maxLen: recoverableMessages } : {});
  }
  const { createAdapter } = await import('@socket.io/redis-adapter');
  return createAdapter(client, client.duplicate());
}
