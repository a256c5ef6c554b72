import type { Redis } from 'ioredis';

/**
 * Cuts a connection that could not select its database: there is none of that number, or the user may not. ioredis only tells of it and
 * goes on in database 0, which is somebody else's; so it is a Redis that is not there, and tried again.
 */
export function insistOnDatabase(client: Redis): Redis {
  return client.on('error', (error: unknown) => {
    if (isOfSelect(error)) client.disconnect(true);
  });
}

function isOfSelect(error: unknown): boolean {
  if (!(error instanceof Error) || !('command' in error)) return false;
  const { command } = error;
  return typeof command === 'object' && command !== null && 'name' in command && command.name === 'select';
}
