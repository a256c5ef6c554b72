export { openRedisStores, type RedisStores } from './redis-stores.js';
