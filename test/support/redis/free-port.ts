import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below what systems give to outgoing connections (Linux from 32768, others from 49152), so that none of those takes the
 * port of a server that is to come back to it.
 */
const lowestPort = 15_000;
const highestPort = 31_999;

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}

/**
 * A port for a program that cannot be told to take any. Free when it was looked at: who takes it must be ready to hear
 * that another was faster.
 */
export async function findFreePort(): Promise<number> {
  for (let attempt = 1; attempt <= 100; attempt++) {
    const port = randomInt(lowestPort, highestPort + 1);
    if (await isFree(port)) return port;
  }
  throw new Error(`No port from ${lowestPort} to ${highestPort} is free.`);
}
