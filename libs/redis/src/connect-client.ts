import type { Cluster, Redis } from 'ioredis';
import { isConnected } from './redis-clients.js';

const patienceMs = 2_000;
/** Between two looks at whether it is there. */
const pollMs = 10;

/** Connects. Where Redis is not there within 2 s, it goes on without: the connection comes when it does. */
export async function connectClient(client: Redis | Cluster): Promise<void> {
  // ioredis goes on by itself where the first attempt fails; who listens for its errors hears of it.
  client.connect().catch(() => undefined);
  const deadline = performance.now() + patienceMs;
  while (!isConnected(client) && performance.now() < deadline) {
    await new Promise<void>((resolve) => setTimeout(resolve, pollMs));
  }
}
