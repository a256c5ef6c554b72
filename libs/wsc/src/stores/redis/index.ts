export { openRedisStores } from './redis-stores.js';
