export { connectClient } from './connect-client.js';
export { endClient } from './end-client.js';
export { insistOnDatabase } from './insist-on-database.js';
export { logOutages, type OutageLog, type RedisRole } from './log-outages.js';
export { Outgoing, type OutgoingOptions } from './outgoing.js';
export {
  createClients,
  createCommandClient,
  createReaderClient,
  createSubscriberOf,
  isCluster,
  isConnected,
  type RedisClients,
} from './redis-clients.js';
export { isEffectUnknown, isReplyError, redisError, withoutCommand } from './redis-errors.js';
export {
  isRedisUrl,
  resolveRedisOptions,
  type RedisAddress,
  type RedisClientLike,
  type RedisOptions,
  type RedisSettings,
  type RedisTarget,
  type ResolvedRedisOptions,
} from './redis-options.js';
