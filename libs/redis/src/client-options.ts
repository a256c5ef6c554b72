import type { ConnectionOptions } from 'node:tls';
import type { ClusterOptions, RedisOptions as ClientOptions } from 'ioredis';
import type { RedisSettings } from './redis-options.js';
import type { AnswerTimeouts } from './watch-answers.js';

const firstRetryMs = 50;
const longestRetryMs = 1_000;

/** Always a number: a client that gives up would need a restart of the process when Redis comes back. */
function retryDelayMs(attempt: number): number {
  const delayMs = Math.min(firstRetryMs * 2 ** Math.min(attempt, 10), longestRetryMs);
  // Spread, so that all nodes don't come back to a restarted Redis in one moment.
  return delayMs * (0.5 + Math.random() / 2);
}

/**
 * Of every connection. With ioredis' own defaults a command waits 73 s for a Redis that is gone, without bound in number, and one
 * whose answer was lost is sent again: here it fails within 2 s and is never repeated.
 */
const common = {
  lazyConnect: true,
  keyPrefix: '',
  protocol: 3,
  replyMapping: 'legacy',
  stringNumbers: false,
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  autoResubscribe: false,
  autoResendUnfulfilledCommands: false,
  maxRetriesPerRequest: 0,
  maxLoadingRetryTime: 500,
  connectTimeout: 1_500,
  // Instead of these: watchAnswers.
  commandTimeout: undefined,
  socketTimeout: undefined,
  retryStrategy: retryDelayMs,
  // A primary that has become a replica: find the new one.
  reconnectOnError: (error: Error) => error.message.startsWith('READONLY'),
} satisfies ClientOptions;

/** Of the connection for commands. */
export const commandOptions = {
  ...common,
  connectionName: 'wsc-commands',
  disconnectTimeout: 300,
} satisfies ClientOptions;

/** Of the connections for commands and for reading streams. */
export const commandTimeouts: AnswerTimeouts = { commandTimeoutMs: 1_000, silenceTimeoutMs: 1_500 };

/** Of the connection that waits for what comes to a stream, which no command may have to wait behind. */
export const readerOptions = { ...commandOptions, connectionName: 'wsc-reader' } satisfies ClientOptions;

/** Of a connection that listens. */
export const subscriberOptions = {
  ...common,
  connectionName: 'wsc-subscriber',
  disconnectTimeout: 200,
} satisfies ClientOptions;

/** Of a connection that listens: for the handshake and for (un)subscribing. Its silence is watched by a heartbeat. */
export const subscriberTimeouts: AnswerTimeouts = { commandTimeoutMs: 2_000 };

/** Of a client for a Redis Cluster. */
export const clusterOptions = {
  lazyConnect: true,
  keyPrefix: '',
  enableOfflineQueue: false,
  enableAutoPipelining: false,
  // 0: a command whose answer was lost with its connection is not sent again. The slots are asked for again instead.
  retryDelayOnFailover: 0,
  retryDelayOnClusterDown: 0,
  slotsRefreshTimeout: 1_000,
  slotsRefreshInterval: 5_000,
  clusterRetryStrategy: retryDelayMs,
} satisfies ClusterOptions;

/** Whom a connection is for, and how it is made. */
interface AccessSettings {
  readonly username?: string;
  readonly password?: string;
  readonly db?: number;
  readonly tls?: ConnectionOptions;
}

/** What the settings say of every connection, whichever way Redis is found. */
export function accessSettings({ username, password, db, tls }: RedisSettings): AccessSettings {
  return {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(db !== undefined && { db }),
    ...(tls !== undefined && tls !== false && { tls: tls === true ? {} : tls }),
  };
}

/** What the settings say of the Sentinels. */
export function sentinelSettings({ tls, sentinelUsername, sentinelPassword }: RedisSettings) {
  return {
    // Finds out from the Sentinels that the primary has changed, where the old one still answers.
    failoverDetector: true,
    sentinelCommandTimeout: 1_000,
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(tls !== undefined && tls !== false && { enableTLSForSentinelMode: true, sentinelTLS: tls === true ? {} : tls }),
  };
}
