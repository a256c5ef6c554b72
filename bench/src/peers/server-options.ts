import type { Server } from 'node:net';

/** How a server is to be started; each peer heeds what it can. */
export interface ServerOptions {
  readonly compression?: boolean;
  readonly flushDelayMs?: number;
  /** Checks no tokens. */
  readonly anonymous?: boolean;
  /** uWebSockets.js: publish inside the message handler, where it does not coalesce. */
  readonly publishInHandler?: boolean;
  /**
   * Keeps what is sent, for those who come back: ours what is sent to rooms of the namespace {@link keptNamespace}, Socket.IO
   * with its streams adapter everything.
   */
  readonly recovery?: boolean;
  /** Where the Redis is through which this node and the others are one. */
  readonly redisUrl?: string;
  /** Socket.IO: what carries messages through that Redis. */
  readonly adapter?: 'redis' | 'streams';
}

/** Of ours, with {@link ServerOptions.recovery}: rooms with history, which clients may join by themselves. */
export const keptNamespace = 'kept';

/** The secret of the tokens that the load generator signs. */
export const secret = 'a secret of the benchmark, known to everybody';

/** The options that this process was started with. */
export function readOptions(): ServerOptions {
  const text = process.argv[2];
  const options: ServerOptions = text === undefined ? {} : JSON.parse(text);
  return options;
}

/** @throws {Error} where the server doesn't listen. */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server does not listen on a port.');
  return address.port;
}
