import type { Cluster, Redis } from 'ioredis';

const patienceMs = 1_000;

/** States in which ioredis says `end` once it has ended; from the others it does so at once or never. */
const openStates: readonly string[] = ['connecting', 'connect', 'ready', 'disconnecting'];

/** Ends a client and waits until its sockets are closed, for a second at most. */
export async function endClient(client: Redis | Cluster): Promise<void> {
  const isOpen = openStates.includes(client.status);
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
