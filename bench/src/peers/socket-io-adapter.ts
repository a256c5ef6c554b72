import { Redis } from 'ioredis';
import type { ServerOptions } from './server-options.js';

/** How Socket.IO's nodes are one, with the adapters' defaults; undefined: this one is alone. */
export async function createRedisAdapter({ redisUrl, adapter }: ServerOptions): Promise<object | undefined> {
  if (redisUrl === undefined) return undefined;
  // Both adapters read replies in the form that they have in RESP2.
  const client = new Redis(redisUrl, { protocol: 2 });
  if (adapter === 'streams') {
    const { createAdapter } = await import('@socket.io/redis-streams-adapter');
    return createAdapter(client);
  }
  const { createAdapter } = await import('@socket.io/redis-adapter');
  return createAdapter(client, client.duplicate());
}
