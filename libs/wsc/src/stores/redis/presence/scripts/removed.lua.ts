import { createScript } from '../../scripts/script.js';
import { disown } from './lua.js';

/**
 * A connection is gone. Only it: a newer one of the same user has another id.
 * Keys: user, places, online. Arguments: user, connection, member, prefix of what an instance has.
 * Answers 1 where it was the user's last one; 0 too where it was not known.
 */
export const removedScript = createScript(`
${disown}
local user_key, places_key, online_key = KEYS[1], KEYS[2], KEYS[3]
local user, connection, member, of_prefix = ARGV[1], ARGV[2], ARGV[3], ARGV[4]

redis.call('HDEL', places_key, connection)
local was = redis.call('HGET', user_key, connection)
if not was then return 0 end
redis.call('HDEL', user_key, connection)
disown(of_prefix, was, member)
if redis.call('EXISTS', user_key) == 1 then return 0 end
redis.call('ZREM', online_key, user)
return 1
`);
