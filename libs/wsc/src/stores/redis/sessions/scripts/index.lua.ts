import { nowMs } from '../../scripts/lua.js';

/**
 * The sessions of a user stand in a sorted set by when they end, so that all can be ended. `note(key, name, ms)`: one that is kept for so
 * long from now.
 */
export const sessionIndex = `
${nowMs}
local now = now_ms()

local function note(key, name, ms)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now)
  redis.call('ZADD', key, string.format('%.0f', now + ms), name)
  if redis.call('PTTL', key) < tonumber(ms) then redis.call('PEXPIRE', key, ms) end
end
`;
