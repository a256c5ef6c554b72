import { createScript } from '../../scripts/script.js';

/**
 * Enters a connect token among those of its user.
 * Keys: the user's tokens. Arguments: hash, lifetime in ms, how many a user may have.
 * Answers the hashes of the user's oldest ones that have to go for it.
 */
export const ownTokenScript = createScript(`
local key, hash, lifetime_ms, max_open = KEYS[1], ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
-- In microseconds: of two tokens of one millisecond, too, one is the older.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
redis.call('ZADD', key, string.format('%d', now + lifetime_ms * 1000), hash)
if redis.call('PTTL', key) < lifetime_ms then redis.call('PEXPIRE', key, lifetime_ms) end
local too_many = redis.call('ZCARD', key) - max_open
if too_many <= 0 then return {} end
local oldest = {}
for _, other in ipairs(redis.call('ZRANGE', key, 0, too_many)) do
  if other ~= hash and #oldest < too_many then oldest[#oldest + 1] = other end
end
if #oldest > 0 then redis.call('ZREM', key, unpack(oldest)) end
return oldest
`);
