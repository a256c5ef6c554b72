import type { Cluster, Redis } from 'ioredis';

const patienceMs = 1_000;
const revivalMs = 100;

/** States in which ioredis says `end` once it has ended; from the others it does so at once or never. */
const openStates: readonly string[] = ['connecting', 'connect', 'ready', 'disconnecting'];

/** Those that were meant to end. */
const ended = new WeakSet<Redis | Cluster>();

/** Ends a client and waits until its sockets are closed, for a second at most. */
export async function endClient(client: Redis | Cluster): Promise<void> {
  const isOpen = openStates.includes(client.status);
  ended.add(client);
  client.disconnect();
  if (!isOpen) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, patienceMs).unref();
    client.once('end', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/**
 * Starts a client again that has ended without {@link endClient}. ioredis 6 ends for good, whatever its retry strategy, where it hears of a
 * failover from a Sentinel just while it asks the Sentinels for the primary: which is what it does after the primary died.
 */
export function reviveClient<T extends Redis | Cluster>(client: T): T {
  client.on('end', () => {
    setTimeout(() => {
      // ioredis tries again by itself, and who listens for its errors hears of it.
      if (!ended.has(client) && client.status === 'end') client.connect().catch(() => undefined);
    }, revivalMs).unref();
  });
  return client;
}
