import { createScript } from '../../scripts/script.js';
import { disown } from './lua.js';

/**
 * A connection is online. Told again, by a node that was taken for dead, it belongs to that node's new instance from then on.
 * Keys: user, places, online, what this instance has. Arguments: user, connection, value, member, prefix of what an instance has.
 * Answers how many connections the user has, and 1 where this one was known.
 */
export const addedScript = createScript(`
${disown}
local user_key, places_key, online_key, of_key = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local user, connection, value, member, of_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]

redis.call('HDEL', places_key, connection)
local was = redis.call('HGET', user_key, connection)
if was then disown(of_prefix, was, member) end
redis.call('HSET', user_key, connection, value)
redis.call('ZADD', online_key, 0, user)
redis.call('SADD', of_key, member)
return { redis.call('HLEN', user_key), was and 1 or 0 }
`);
