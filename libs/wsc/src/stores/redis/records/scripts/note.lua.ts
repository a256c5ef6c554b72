import { createScript } from '../../scripts/script.js';

/** Arguments for each note. */
const noteArgCount = 9;

/**
 * Notes what became of messages.
 * Keys: the records. Arguments, for each: status, when (ms since 1970), when it was queued, when it expires, reason, device, attempts, its
 * message as JSON, for how many ms the record stays; '' for what there is not.
 */
export const noteScript = createScript(`
local ranks = { queued = 1, failed = 1, sent = 2, acked = 3, expired = 3 }
local details = { 'reason', 'deviceId', 'attempts', 'message' }

local function note(key, known, first)
  local status = ARGV[first]
  redis.call('HSETNX', key, 'queuedAt', ARGV[first + 2])
  if ARGV[first + 3] ~= '' then redis.call('HSET', key, 'expiresAt', ARGV[first + 3]) end
  if not known or ranks[status] > ranks[known] or (ranks[status] == 1 and ranks[known] == 1) then
    redis.call('HSET', key, 'status', status, 'changedAt', ARGV[first + 1])
    for index, name in ipairs(details) do
      local value = ARGV[first + 3 + index]
      if value == '' then redis.call('HDEL', key, name) else redis.call('HSET', key, name, value) end
    end
  end
  redis.call('PEXPIRE', key, math.max(redis.call('PTTL', key), tonumber(ARGV[first + 8])))
end

for index, key in ipairs(KEYS) do
  local first = (index - 1) * ${String(noteArgCount)} + 1
  local known = redis.call('HGET', key, 'status')
  if known or ranks[ARGV[first]] < 3 then note(key, known, first) end
end
return true
`);
