import { createScript } from '../../scripts/script.js';

/** Keys: a session, and the sessions of its user, if it has one. Argument: its name among those. */
export const removeScript = createScript(`
redis.call('DEL', KEYS[1])
if KEYS[2] then redis.call('ZREM', KEYS[2], ARGV[1]) end
return true
`);

/**
 * Ends all sessions of a user. Key: those sessions. Arguments: what the keys of sessions start with, and those of what is left of one; they
 * are in the partition of the user. What is left keeps a node that is late from saving it again, for as long as that could know of it.
 */
export const removeOfScript = createScript(`
for _, name in ipairs(redis.call('ZRANGE', KEYS[1], 0, -1)) do
  local key = ARGV[1] .. name
  local left = redis.call('PTTL', key)
  if left > 0 then
    redis.call('DEL', key)
    redis.call('SET', ARGV[2] .. name, '', 'PX', left)
  end
end
redis.call('DEL', KEYS[1])
return true
`);
